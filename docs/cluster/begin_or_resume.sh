#!/bin/bash
# Begin a sweep, or go on with it where it has begun: the same command each time that a scheduler runs it.
#
#     docs/cluster/begin_or_resume.sh STORAGE NAME [FLAGS OF A NEW SWEEP]
#
# STORAGE is a folder that every node sees, or the URI of a store. SWEEP_ADDRESS is the Ray cluster to join, if any.

storage=$1
name=$2
shift 2
address=(${SWEEP_ADDRESS:+--address "$SWEEP_ADDRESS"})

if [[ $storage == *://* ]]; then
    begun=$(python -c 'import sys
from results.storage.store import open_store
from trainable.contract import UserError
try:
    print("yes" if open_store(sys.argv[1]).exists("sweep.yaml") else "")
except UserError as error:
    print("begin_or_resume.sh:", error, file=sys.stderr)
    sys.exit(2)' "$storage/$name") || exit
else
    begun=$(ls "$storage/$name/sweep.yaml" 2> /dev/null)
fi

if [ -n "$begun" ]; then
    exec python tune/run_sweep.py --resume "$storage/$name" "${address[@]}"
else
    exec python tune/run_sweep.py --storage_path "$storage" --name "$name" "${address[@]}" "$@"
fi

#!/bin/bash
# A sweep as a job of Slurm, on one node or on several; ../slurm.md tells how it behaves.
#
#     sbatch docs/cluster/slurm.sh
#     SWEEP_FLAGS="--num_samples 64" sbatch --nodes=4 docs/cluster/slurm.sh

#SBATCH --job-name=grpo-sweep
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --gres=gpu:1
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@120

storage=${SWEEP_STORAGE:-results/sweeps}
name=${SWEEP_NAME:-slurm-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+-$SLURM_ARRAY_TASK_ID}
flags=${SWEEP_FLAGS//%a/$SLURM_ARRAY_TASK_ID}
steps=()  # in which Ray runs, where there are several nodes
told=     # by which signal to stop
sweep=    # its process

# Ray's sockets want a short path, and jobs that share a node a folder each.
export RAY_TMPDIR=/tmp/sweep-$SLURM_JOB_ID

# SIGUSR1 is Slurm's word that time is short. It comes to this script alone, which passes it on and has the job queued
# again; in time, since a sweep that has not stopped within a minute is killed, which costs its trials an epoch each.
# SIGTERM is the end. It comes to all processes of a job, the sweep among them; a second signal would end that at once.
stop() {
    told=$1
    echo "SIG$told: stopping sweep $name"
    [ -n "$sweep" ] || return
    {
        [ "$told" = USR1 ] || sleep 15
        kill -USR1 "$sweep" && sleep 60 && kill -KILL "$sweep"
    } 2> /dev/null &
}
trap 'stop USR1' USR1
trap 'stop TERM' TERM

# The status of a process that has ended; a signal with a trap ends `wait` before that.
status_of() {
    wait "$1"
    local status=$?
    while kill -0 "$1" 2> /dev/null; do
        wait "$1"
        status=$?
    done
    return "$status"
}

own_folder() {
    mkdir -p -m 700 "$RAY_TMPDIR" && [ -O "$RAY_TMPDIR" ] && return
    echo "$RAY_TMPDIR on $SLURMD_NODENAME, where Ray's sockets would lie, is not ours"
    return 1
}

answers() {
    (exec 3<> "/dev/tcp/$1/$2") 2> /dev/null
}

# Ray on one node: the head, if it is told a port for Ray's clients. A preemption sends SIGTERM to all tasks of a job,
# and not to its script: it is kept from Ray, which the sweep needs until it has stopped, and told to the script by the
# head's task, which runs on the same node.
node_of_ray() {
    local head=$1 port=$2 client_port=$3 log=$RAY_TMPDIR/$SLURMD_NODENAME.log cores held start
    trap '[ -z "$client_port" ] || kill -USR1 "$SWEEP_SCRIPT"' TERM
    own_folder || exit
    cores=$(python -c 'from tune.cluster.cpu_cores import usable_cores; print(usable_cores().count)') || exit
    start=(start --node-name="$SLURMD_NODENAME" --num-cpus="$cores" --block)
    start+=(--min-worker-port=0 --max-worker-port=0 --include-log-monitor=false --disable-usage-stats)
    if [ -n "$client_port" ]; then
        start+=(--head --node-ip-address="$head" --port="$port" --ray-client-server-port="$client_port")
        start+=(--include-dashboard=false)
    else
        start+=(--address="$head:$port")
        until answers "$head" "$port"; do sleep 1; done
    fi
    held='import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
os.execvp("ray", sys.argv)'
    python -c "$held" "${start[@]}" > "$log" 2>&1 &
    status_of $!
    echo "Ray has ended on $SLURMD_NODENAME:"
    tail -n 5 "$log"
}

# One Ray on all nodes of the job, for this job alone: nobody uses it without the token.
start_ray() {
    local head port client_port functions others=$((SLURM_JOB_NUM_NODES - 1))
    head=$(python -c 'import socket, sys; print(socket.gethostbyname(sys.argv[1]))' "$SLURMD_NODENAME") || return
    read -r port client_port RAY_AUTH_TOKEN < <(python -c 'import secrets, socket
free = [socket.create_server(("", 0)) for _ in range(2)]
print(*(server.getsockname()[1] for server in free), secrets.token_hex(32))')
    export RAY_AUTH_TOKEN RAY_AUTH_MODE=token SWEEP_SCRIPT=$$ SWEEP_ADDRESS=$head:$port
    functions=$(declare -f node_of_ray own_folder answers status_of)
    local step=(--ntasks-per-node=1 --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" --kill-on-bad-exit=0 --wait=0)
    srun "${step[@]}" --relative=0 --nodes=1 --ntasks=1 bash -c "$functions; node_of_ray $head $port $client_port" &
    steps=($!)
    srun "${step[@]}" --relative=1 --nodes=$others --ntasks=$others bash -c "$functions; node_of_ray $head $port" &
    steps+=($!)
    until [ -S "$RAY_TMPDIR/ray/session_latest/sockets/raylet" ] || [ -n "$told" ]; do
        kill -0 "${steps[0]}" 2> /dev/null || return
        sleep 1
    done
}

end_ray() {
    if [ -z "${steps[*]}" ]; then
        rm -rf "$RAY_TMPDIR"
    else
        kill "${steps[@]}" 2> /dev/null  # srun kills its tasks then
        for step in "${steps[@]}"; do status_of "$step"; done
        srun --overlap --nodes="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 rm -rf "$RAY_TMPDIR"
    fi
}

# The job itself, where Slurm allows that; else another one, of this script.
queue_again() {
    trap - USR1 TERM  # Slurm ends this script when it requeues its job
    echo "sweep $name has stopped; queueing job $SLURM_JOB_ID again"
    scontrol requeue "$SLURM_JOB_ID" && return
    export SWEEP_NAME=${SWEEP_NAME:-slurm-$SLURM_JOB_ID}
    sbatch ${SLURM_ARRAY_TASK_ID:+--array="$SLURM_ARRAY_TASK_ID"} "$0"
}

rm -rf "$RAY_TMPDIR"  # what the job has left here before it was queued again
if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
    start_ray || { end_ray; echo "Ray's head did not start, as is said above: the sweep has not begun"; exit 1; }
else
    own_folder || exit
fi

status=138  # 128 + SIGUSR1, if it came before the sweep could begin
if [ -z "$told" ]; then
    bash docs/cluster/begin_or_resume.sh "$storage" "$name" $flags &
    sweep=$!
    [ -z "$told" ] || kill -USR1 "$sweep"
    status_of "$sweep"
    status=$?
fi

end_ray
if [ "$told" = USR1 ] && [ "$status" -gt 128 ]; then
    queue_again
else
    echo "done: status $status"
fi
exit "$status"

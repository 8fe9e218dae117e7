#!/usr/bin/env bash
# Train one joint controller: edit the values here or set them in the environment; further flags go to the command.
#
#   trainable/run_training.sh
#   USE_WANDB=true WANDB_NAME=grpo-experiment-1 trainable/run_training.sh --num_epochs 30
set -euo pipefail

USE_WANDB="${USE_WANDB:-false}"
WANDB_PROJECT="${WANDB_PROJECT:-molmo-controller}"
WANDB_ENTITY="${WANDB_ENTITY:-}"      # empty: your own user
WANDB_NAME="${WANDB_NAME:-}"          # empty: grpo-g{group_size}-lr{lr}-{timestamp}

RESULTS_DIR="${RESULTS_DIR:-}"        # empty: the shipped profile
DATASET_NAMES="${DATASET_NAMES:-}"    # separated by spaces; empty: all of the profile
MODEL_PATH="${MODEL_PATH:-}"          # empty: the profile's own features
OUTPUT_DIR="${OUTPUT_DIR:-checkpoints/joint_controller}"
BATCH_SIZE="${BATCH_SIZE:-16}"
NUM_EPOCHS="${NUM_EPOCHS:-100}"
LR="${LR:-1e-4}"
GROUP_SIZE="${GROUP_SIZE:-5}"
BUDGET_PENALTY="${BUDGET_PENALTY:-10}"
SEED="${SEED:-0}"
DEVICE="${DEVICE:-auto}"

PYTHON="${PYTHON:-python}"

flags=(
    --output_dir "$OUTPUT_DIR"
    --batch_size "$BATCH_SIZE"
    --num_epochs "$NUM_EPOCHS"
    --lr "$LR"
    --group_size "$GROUP_SIZE"
    --budget_penalty "$BUDGET_PENALTY"
    --seed "$SEED"
    --device "$DEVICE"
    --use_wandb="$USE_WANDB"
    --wandb_project "$WANDB_PROJECT"
)
if [[ -n "$WANDB_ENTITY" ]]; then flags+=(--wandb_entity "$WANDB_ENTITY"); fi
if [[ -n "$WANDB_NAME" ]]; then flags+=(--wandb_name "$WANDB_NAME"); fi
if [[ -n "$RESULTS_DIR" ]]; then flags+=(--results_dir "$RESULTS_DIR"); fi
if [[ -n "$MODEL_PATH" ]]; then flags+=(--model_path "$MODEL_PATH"); fi
if [[ -n "$DATASET_NAMES" ]]; then
    read -ra names <<<"$DATASET_NAMES"
    flags+=(--dataset_names "${names[@]}")
fi

exec "$PYTHON" "$(dirname "$0")/train_joint_controller.py" "${flags[@]}" "$@"

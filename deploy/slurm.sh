#!/usr/bin/env bash
# A study on nodes of a SLURM cluster, from the checkout, in which `make .venv/installed` was called and which all nodes see:
#
#   sbatch deploy/slurm.sh STUDY [options of `python -m tuning run`]
#   sbatch --nodes=4 --gpus-per-node=2 --time=24:00:00 deploy/slurm.sh proposal --storage /shared/spectune
#
# The store is MLFLOW_TRACKING_URI of the shell that calls sbatch (a server that the nodes reach: deploy/mlflow.sh), or
# mlflow.db in the checkout, which only the first node writes. Out of time, or a node lost: the same line again goes on.
#SBATCH --job-name=spectune
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --gpus-per-node=1
#SBATCH --exclusive
#SBATCH --time=12:00:00
#SBATCH --output=spectune-%j.log
# exclusive: `ray symmetric-run` ends with `ray stop`, which ends every Ray of yours on the node.
set -euo pipefail

study=${1:?which study? e.g. sbatch deploy/slurm.sh proposal}
shift
cd "${SLURM_SUBMIT_DIR:?this is a script for sbatch}"
export PATH=$PWD/.venv/bin:$PATH

# Others are on the same network: without the token, which only this job's processes know, they could run code as you.
RAY_AUTH_TOKEN=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
export RAY_AUTH_TOKEN RAY_AUTH_MODE=token
export RAY_TMPDIR=/tmp/ray-$SLURM_JOB_ID  # on each node's own disk; short, for Ray keeps sockets there
export RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT=300
unset OMP_NUM_THREADS  # or every trial would compute with that many threads, whatever cores it has reserved

mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
address=${nodes[0]}:$((20000 + SLURM_JOB_ID % 10000))
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" ray symmetric-run --address "$address" --min-nodes "$SLURM_JOB_NUM_NODES" \
  --num-cpus="$SLURM_CPUS_PER_TASK" --num-gpus="${SLURM_GPUS_ON_NODE:-0}" --disable-usage-stats \
  -- python -m tuning run "$study" --address "$address" "$@"

#!/usr/bin/env bash
# A study on nodes of a SLURM cluster, from the checkout, in which `make .venv/installed` was called and which all nodes see:
#
#   sbatch deploy/slurm.sh STUDY [options of `python -m tuning run`]
#   sbatch --nodes=4 --gpus-per-node=2 --time=24:00:00 deploy/slurm.sh proposal --storage /shared/spectune
#
# The store is MLFLOW_TRACKING_URI of the shell that calls sbatch (a server that the nodes reach: deploy/mlflow.sh), or
# mlflow.db in the checkout, which only the first node writes. Out of time, preempted, or a node lost: the job is queued
# again and goes on, SPECTUNE_REQUEUES times (20); then, or after scancel, the same line again goes on.
#SBATCH --job-name=spectune
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --gpus-per-node=1
#SBATCH --exclusive
#SBATCH --time=12:00:00
#SBATCH --output=spectune-%j.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
# exclusive: `ray symmetric-run` ends with `ray stop`, which ends every Ray of yours on the node.
# signal: so many seconds before the time is over this script is told, and the study closes its runs and saves its state.
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

# Only the study's own process is told to end, and ends in order; a signal to srun would end Ray below it. It runs on this
# node, the first one, as this script does. A job that SLURM itself has ended (scancel, preemption) is not queued from here.
driver=$RAY_TMPDIR.pid
rm -f "$driver"
trap 'rm -f "$driver"' EXIT
queue_again=false
stop() {
  if scontrol show job "$SLURM_JOB_ID" | grep -q JobState=RUNNING; then queue_again=true; fi
  kill -TERM "$(cat "$driver" 2>/dev/null || echo "$step")" 2>/dev/null || true
}

mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
address=${nodes[0]}:$((20000 + SLURM_JOB_ID % 10000))
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" ray symmetric-run --address "$address" --min-nodes "$SLURM_JOB_NUM_NODES" \
  --num-cpus="$SLURM_CPUS_PER_TASK" --num-gpus="${SLURM_GPUS_ON_NODE:-0}" --disable-usage-stats \
  -- sh -c 'echo $$ >"$0"; exec python -m tuning run "$@"' "$driver" "$study" --address "$address" "$@" &
step=$!
trap stop TERM
code=0
while kill -0 "$step" 2>/dev/null; do  # a signal ends `wait` before the step has ended
  wait "$step" && code=0 || code=$?
done

if $queue_again && ((code != 0)); then
  restarts=${SLURM_RESTART_COUNT:-0} most=${SPECTUNE_REQUEUES:-20}
  if ((restarts < most)); then
    echo "The time is over: the job is queued again, for the $((restarts + 1)). time of at most $most, and goes on."
    scontrol requeue "$SLURM_JOB_ID"
  else
    echo "The time is over, and the job was queued again $restarts times: the same sbatch goes on." >&2
  fi
fi
exit "$code"

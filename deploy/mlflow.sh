#!/usr/bin/env bash
# MLflow's server on loopback, started again whenever it ends, until this script is told to end (TERM, INT).
#
#   deploy/mlflow.sh [FOLDER]        FOLDER, by default ~/mlflow, holds what the server needs on its own disk
#
# A second one with the same folder says so and leaves. Settings are MLflow's own, from the environment or the file
# FOLDER/environment:
#   MLFLOW_BACKEND_STORE_URI         postgresql://…; by default SQLite in FOLDER
#   MLFLOW_ARTIFACTS_DESTINATION     s3://…; by default a folder in FOLDER
#   MLFLOW_HOST, MLFLOW_PORT         by default 127.0.0.1 and 5000
#   MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD    where both are set, or are in ~/.mlflow/credentials, which MLflow's
#                                    clients read too, the server asks for them
set -euo pipefail
umask 077

folder=$(mkdir -p "${1:-$HOME/mlflow}" && cd "${1:-$HOME/mlflow}" && pwd)
cd "$folder"
exec 9>> lock
flock --nonblock 9 || { echo "mlflow.sh: already at work in $folder"; exit 0; }
echo $$ > script.pid  # `kill` it to end server and script

set -a
if [[ -f environment ]]; then . ./environment; fi
: "${MLFLOW_BACKEND_STORE_URI:=sqlite:///$folder/mlflow.db}" "${MLFLOW_ARTIFACTS_DESTINATION:=$folder/artifacts}"
: "${MLFLOW_HOST:=127.0.0.1}" "${MLFLOW_PORT:=5000}" "${MLFLOW_WORKERS:=2}"
MLFLOW_UVICORN_OPTS="--log-level warning"  # a line for every request would fill the disk
MLFLOW_DISABLE_TELEMETRY=true
MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
set +a

credential() {
  sed -n "s/^ *$1 *= *//p" ~/.mlflow/credentials 2> /dev/null || true
}

# Sets `login` to the options that make the server ask for user and password, or to none. The names are the environment's
# alone: the users are made anew at each start, so that a changed password is the password.
ask_for_password() {
  login=()
  local user=${MLFLOW_TRACKING_USERNAME:-$(credential mlflow_tracking_username)}
  local password=${MLFLOW_TRACKING_PASSWORD:-$(credential mlflow_tracking_password)}
  if [[ -z $user && -z $password ]]; then return; fi
  if [[ -z $user || -z $password ]]; then
    echo "mlflow.sh: user and password must come together, got one; set both of MLFLOW_TRACKING_USERNAME and _PASSWORD" >&2
    exit 2
  fi
  rm -f users.db
  [[ -s secret-key ]] || head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' > secret-key
  printf '%s\n' '[mlflow]' "database_uri = sqlite:///$folder/users.db" 'default_permission = NO_PERMISSIONS' \
    'auth_cache_ttl_seconds = 60' > users.ini
  export MLFLOW_AUTH_CONFIG_PATH=$folder/users.ini MLFLOW_FLASK_SERVER_SECRET_KEY
  export MLFLOW_AUTH_ADMIN_USERNAME=$user MLFLOW_AUTH_ADMIN_PASSWORD=$password
  MLFLOW_FLASK_SERVER_SECRET_KEY=$(< secret-key)
  login=(--app-name basic-auth)
}

# The server's group, workers and all: gently, and after ten seconds not.
end_group() {
  kill -TERM -- "-$server" 2> /dev/null || return 0
  for _ in {1..100}; do
    kill -0 -- "-$server" 2> /dev/null || return 0
    sleep 0.1 9>&-
  done
  kill -KILL -- "-$server" 2> /dev/null || true
}

trap 'trap "" TERM INT; end_group; rm -f server.pid script.pid; exit 0' TERM INT
while :; do
  ask_for_password
  setsid mlflow server "${login[@]}" 9>&- &  # a process group of its own
  server=$!
  echo "$server" > server.pid
  wait "$server" || true
  end_group  # what a killed server leaves would hold its port
  echo "mlflow.sh: the server has ended; it is started again"
  sleep 2 9>&- &
  wait $!
done

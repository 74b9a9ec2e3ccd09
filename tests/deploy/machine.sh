# The first process of a machine made of namespaces: a home, a /tmp and a network of its own, and sshd for its one user.
#   machine.sh FOLDER VENV SHARED KEPT...
#   SHARED: what it mounts at /mnt/spectune   KEPT: folders of the real /tmp that it sees too
set -euo pipefail
folder=$1 venv=$2 shared=$3
shift 3

ip link set lo up
mkdir "$folder/disk"
mount -t tmpfs tmpfs "$folder/disk"
disk=$folder/disk
mkdir "$disk"/{upper,work,tmp}
mount -t overlay overlay -o "lowerdir=$HOME,upperdir=$disk/upper,workdir=$disk/work" "$HOME"
rm -rf ~/.ssh ~/.ray ~/.mlflow ~/mlflow ~/venv ~/spectune
ln -s "$venv" ~/venv

mount -t tmpfs tmpfs /mnt
mkdir /mnt/spectune
mount --bind "$shared" /mnt/spectune
mount -t tmpfs tmpfs /run
mkdir /run/sshd
chmod 1777 "$disk/tmp"
for kept in "$@"; do
  mkdir -p "$disk/tmp/${kept#/tmp/}"
  mount --bind "$kept" "$disk/tmp/${kept#/tmp/}"
done
mount --rbind "$disk/tmp" /tmp  # with what is bound below it

/usr/sbin/sshd -f /dev/null -E "$folder/sshd.log" \
  -o HostKey="$folder/host_key" -o AuthorizedKeysFile="$folder/key.pub" -o PidFile=none \
  -o StrictModes=no -o UsePAM=no -o PasswordAuthentication=no -o PermitRootLogin=prohibit-password
touch "$folder/ready"
while :; do sleep 1; done  # and buries the processes that nobody else does

/* SPDX-License-Identifier: BSD-2-Clause */
/* For unshare(), MAP_ANONYMOUS and process_vm_readv(). */
#define _GNU_SOURCE
#include "tests/unit/sandbox_tries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/thread.h"
#include "config/config.h"
#include "store/db.h"

char sandbox_top[64];
int sandbox_listening = -1;
struct sockaddr_in sandbox_address;

const char *
sandbox_path(const char *name)
{
	static char text[2][128];
	static unsigned next;

	next = !next;
	(void)snprintf(
	    text[next], sizeof(text[next]), "%s/%s", sandbox_top, name);
	return text[next];
}

/* ---- what an attacker tries ---- */

static int
result(long status)
{
	return status >= 0 ? 0 : errno;
}

static int
do_exec(void)
{
	char *const argv[] = {NULL};

	return result(execve("/bin/true", argv, argv));
}

static int
do_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int
do_spawn(void)
{
	char name[] = "/bin/true";
	char *const argv[] = {name, NULL};
	char *const none[] = {NULL};
	pid_t pid;

	if (posix_spawn(&pid, name, NULL, NULL, argv, none) != 0)
		return EINVAL;
	return result(waitpid(pid, NULL, 0));
}

static int
do_ptrace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int
do_read_memory(void)
{
	char byte;
	struct iovec iov = {&byte, 1};

	return result(process_vm_readv(getppid(), &iov, 1, &iov, 1, 0));
}

static int
do_mount(void)
{
	return result(mount("none", sandbox_top, "tmpfs", 0, NULL));
}

static int
do_unshare(void)
{
	return result(unshare(CLONE_NEWNS));
}

static int
do_raw(void)
{
	return result(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
}

/* The kernel takes the lower half of this for AF_INET. */
static int
do_raw_disguised(void)
{
	return result(syscall(SYS_socket, INT64_C(1) << 32 | AF_INET,
	    INT64_C(1) << 32 | SOCK_RAW, IPPROTO_ICMP));
}

static int
do_raw6(void)
{
	return result(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
}

static int
do_packet(void)
{
	return result(socket(AF_PACKET, SOCK_DGRAM, 0));
}

static int
do_crypto(void)
{
	return result(socket(AF_ALG, SOCK_SEQPACKET, 0));
}

static int
do_keyring(void)
{
	return result(syscall(SYS_keyctl, 0, -3, 1));
}

static int
do_bpf(void)
{
	return result(syscall(SYS_bpf, 0, NULL, 0));
}

static int
do_userfault(void)
{
	return result(syscall(SYS_userfaultfd, 1));
}

static int
do_io_uring(void)
{
	return result(syscall(SYS_io_uring_setup, 1, NULL));
}

static int
do_perf(void)
{
	return result(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}

static int
do_netlink(void)
{
	return result(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int
do_sctp(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 132));
}

static int
do_ping(void)
{
	return result(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
}

static int
do_listen(void)
{
	return result(listen(socket(AF_INET, SOCK_STREAM, 0), 1));
}

static int
do_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ?
	    errno :
	    0;
}

static int
do_make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return result(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int
do_signal_parent(void)
{
	return result(kill(getppid(), 0));
}

static int
do_raise_limit(void)
{
	struct rlimit limit = {10, 10};

	return result(setrlimit(RLIMIT_NOFILE, &limit));
}

static int
try_open(const char *name, int flags)
{
	return result(open(name, flags, 0600));
}

static int
do_read_outside(void)
{
	return try_open(sandbox_path("outside/list"), O_RDONLY);
}

static int
do_read_proc(void)
{
	return try_open("/proc/1/cmdline", O_RDONLY);
}

static int
do_write_outside(void)
{
	return try_open(sandbox_path("outside/list"), O_WRONLY);
}

static int
do_make_outside(void)
{
	return try_open(sandbox_path("outside/new"), O_WRONLY | O_CREAT);
}

static int
do_remove_outside(void)
{
	return result(unlink(sandbox_path("outside/list")));
}

static int
do_list_outside(void)
{
	return opendir(sandbox_path("outside")) == NULL ? errno : 0;
}

static int
do_change_config(void)
{
	return try_open(sandbox_path("etc/conf"), O_WRONLY | O_TRUNC);
}

static int
do_move_out(void)
{
	if (try_open(sandbox_path("var/mine"), O_WRONLY | O_CREAT) != 0)
		_exit(SANDBOX_SET_UP);
	return result(
	    link(sandbox_path("var/mine"), sandbox_path("outside/mine")));
}

static int
do_connect_elsewhere(void)
{
	return result(connect(socket(AF_INET, SOCK_STREAM, 0),
	    (const struct sockaddr *)&sandbox_address,
	    sizeof(sandbox_address)));
}

static int
do_bind(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	return result(bind(socket(AF_INET, SOCK_STREAM, 0),
	    (const struct sockaddr *)&address, sizeof(address)));
}

/* ---- what a worker does ---- */

static int
do_ask_dns(void)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == -1)
		return errno;
	return result(send(fd, "x", 1, MSG_NOSIGNAL));
}

static int
do_sockets(void)
{
	int fds[2];

	if (socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP) == -1 ||
	    socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) == -1 ||
	    socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) == -1)
		return errno;
	return result(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}

/* The parent has connected to it. */
static int
do_accept(void)
{
	char byte = 'x';
	int fd = accept(sandbox_listening, NULL, NULL);

	return fd == -1 ? errno : result(write(fd, &byte, 1));
}

static int
do_resolve(void)
{
	struct addrinfo *list;
	const struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};

	return getaddrinfo("localhost", "25", &hints, &list) == 0 ? 0 : EINVAL;
}

static void *
add_one(void *arg)
{
	*(int *)arg += 1;
	return NULL;
}

static int
do_threads(void)
{
	pthread_t thread;
	int sum = 0;

	for (int i = 0; i < 3; i++) {
		if (!pst_thread_start(&thread, add_one, &sum))
			return EAGAIN;
		pst_thread_join(thread);
	}
	return sum == 3 ? 0 : EINVAL;
}

static int
do_reload(void)
{
	struct pst_err err;
	struct pst_config *config =
	    pst_config_load(sandbox_path("etc/conf"), &err);

	if (config == NULL)
		return EACCES;
	pst_config_unref(config);
	return 0;
}

/* With its -wal and -shm, and a temporary file, as a large sort needs. */
static int
do_store(void)
{
	struct pst_err err;
	struct pst_db *db = pst_db_open_sqlite(
	    sandbox_path("var/db"), PST_DB_CREATE, 1000, &err);
	bool ok = db != NULL &&
	    pst_db_script(db,
		"PRAGMA temp_store = 1; PRAGMA cache_size = 1;"
		"DROP TABLE IF EXISTS t; CREATE TABLE t (x TEXT); WITH RECURSIVE n(x) AS (SELECT 1 "
		"UNION ALL SELECT x + 1 FROM n WHERE x < 20000) INSERT INTO t "
		"SELECT hex(randomblob(50)) FROM n; CREATE INDEX i ON t (x)",
		&err);

	ok = ok && access(sandbox_path("var/db-wal"), F_OK) == 0;
	if (db != NULL)
		pst_db_close(db);
	return ok ? 0 : EIO;
}

static int
do_system_files(void)
{
	static const char *const names[] = {
	    "/etc/nsswitch.conf", "/dev/urandom", "/usr"};

	for (size_t i = 0; i < PST_COUNT(names); i++) {
		if (access(names[i], R_OK) == 0 &&
		    try_open(names[i], O_RDONLY) != 0)
			return errno;
	}
	return try_open("/dev/null", O_RDWR);
}

static int
do_syslog(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
	    sandbox_path("outside/log"));
	return result(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int
do_stop(void)
{
	if (signal(SIGUSR1, SIG_IGN) == SIG_ERR)
		return errno;
	return result(kill(getpid(), SIGUSR1));
}

static int
do_abort(void)
{
	abort();
}

/* ---- the rows ---- */

const struct sandbox_row sandbox_worker_rows[] = {
    {"exec", do_exec, SANDBOX_CALLS, SANDBOX_DIES},
    {"fork", do_fork, SANDBOX_CALLS, SANDBOX_DIES},
    {"spawn a program", do_spawn, SANDBOX_CALLS, SANDBOX_DIES},
    {"ptrace", do_ptrace, SANDBOX_CALLS, SANDBOX_DIES},
    {"read another process", do_read_memory, SANDBOX_CALLS, SANDBOX_DIES},
    {"mount", do_mount, SANDBOX_CALLS, SANDBOX_DIES},
    {"new namespace", do_unshare, SANDBOX_CALLS, SANDBOX_DIES},
    {"raw socket", do_raw, SANDBOX_CALLS, SANDBOX_DIES},
    {"raw socket, disguised", do_raw_disguised, SANDBOX_CALLS, SANDBOX_DIES},
    {"raw IPv6 socket", do_raw6, SANDBOX_CALLS, SANDBOX_DIES},
    {"packet socket", do_packet, SANDBOX_CALLS, SANDBOX_DIES},
    {"AF_ALG", do_crypto, SANDBOX_CALLS, SANDBOX_DIES},
    {"keyctl", do_keyring, SANDBOX_CALLS, SANDBOX_DIES},
    {"bpf", do_bpf, SANDBOX_CALLS, SANDBOX_DIES},
    {"userfaultfd", do_userfault, SANDBOX_CALLS, SANDBOX_DIES},
    {"io_uring", do_io_uring, SANDBOX_CALLS, SANDBOX_DIES},
    {"perf", do_perf, SANDBOX_CALLS, SANDBOX_DIES},
    {"netlink", do_netlink, SANDBOX_CALLS, SANDBOX_FAILS},
    {"SCTP", do_sctp, SANDBOX_CALLS, SANDBOX_FAILS},
    {"ICMP", do_ping, SANDBOX_CALLS, SANDBOX_FAILS},
    {"listen", do_listen, SANDBOX_CALLS, SANDBOX_FAILS},
    {"writable code", do_code, SANDBOX_CALLS, SANDBOX_FAILS},
    {"data becomes code", do_make_code, SANDBOX_CALLS, SANDBOX_FAILS},
    {"signal to another process", do_signal_parent, SANDBOX_CALLS,
	SANDBOX_FAILS},
    {"new limit", do_raise_limit, SANDBOX_CALLS, SANDBOX_FAILS},
    {"read outside", do_read_outside, SANDBOX_FILES, SANDBOX_FAILS},
    {"read /proc", do_read_proc, SANDBOX_FILES, SANDBOX_FAILS},
    {"write outside", do_write_outside, SANDBOX_FILES, SANDBOX_FAILS},
    {"make outside", do_make_outside, SANDBOX_FILES, SANDBOX_FAILS},
    {"remove outside", do_remove_outside, SANDBOX_FILES, SANDBOX_FAILS},
    {"list outside", do_list_outside, SANDBOX_FILES, SANDBOX_FAILS},
    {"change the configuration", do_change_config, SANDBOX_FILES,
	SANDBOX_FAILS},
    {"move a file out", do_move_out, SANDBOX_FILES, SANDBOX_FAILS},
    {"connect to another port", do_connect_elsewhere, SANDBOX_TCP,
	SANDBOX_FAILS},
    {"bind", do_bind, SANDBOX_CALLS, SANDBOX_FAILS},
    {"DNS", do_ask_dns, SANDBOX_CALLS, SANDBOX_WORKS},
    {"sockets", do_sockets, SANDBOX_CALLS, SANDBOX_WORKS},
    {"accept", do_accept, SANDBOX_CALLS, SANDBOX_WORKS},
    {"getaddrinfo", do_resolve, SANDBOX_CALLS, SANDBOX_WORKS},
    {"threads", do_threads, SANDBOX_CALLS, SANDBOX_WORKS},
    {"reload", do_reload, SANDBOX_CALLS, SANDBOX_WORKS},
    {"store", do_store, SANDBOX_CALLS, SANDBOX_WORKS},
    {"system files", do_system_files, SANDBOX_CALLS, SANDBOX_WORKS},
    {"syslog", do_syslog, SANDBOX_CALLS, SANDBOX_WORKS},
    {"signal to itself", do_stop, SANDBOX_CALLS, SANDBOX_WORKS},
    {"abort", do_abort, SANDBOX_CALLS, SANDBOX_ABORTS},
};
const size_t sandbox_worker_count = PST_COUNT(sandbox_worker_rows);

const struct sandbox_row sandbox_upload_rows[] = {
    {"exec", do_exec, SANDBOX_CALLS, SANDBOX_DIES},
    {"raw socket", do_raw, SANDBOX_CALLS, SANDBOX_DIES},
    {"keyctl", do_keyring, SANDBOX_CALLS, SANDBOX_FAILS},
    {"write outside", do_write_outside, SANDBOX_FILES, SANDBOX_FAILS},
    {"read outside", do_read_outside, SANDBOX_FILES, SANDBOX_WORKS},
    {"connect to any port", do_connect_elsewhere, SANDBOX_TCP, SANDBOX_WORKS},
    {"store", do_store, SANDBOX_CALLS, SANDBOX_WORKS},
    {"threads", do_threads, SANDBOX_CALLS, SANDBOX_WORKS},
};
const size_t sandbox_upload_count = PST_COUNT(sandbox_upload_rows);

const struct sandbox_row sandbox_supervisor_rows[] = {
    {"start a program", do_spawn, SANDBOX_CALLS, SANDBOX_WORKS},
    {"fork", do_fork, SANDBOX_CALLS, SANDBOX_WORKS},
    {"read outside", do_read_outside, SANDBOX_FILES, SANDBOX_WORKS},
    {"ptrace", do_ptrace, SANDBOX_CALLS, SANDBOX_DIES},
    {"mount", do_mount, SANDBOX_CALLS, SANDBOX_DIES},
};
const size_t sandbox_supervisor_count = PST_COUNT(sandbox_supervisor_rows);

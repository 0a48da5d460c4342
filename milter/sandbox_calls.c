/* SPDX-License-Identifier: BSD-2-Clause */
/* For CLONE_THREAD. */
#define _GNU_SOURCE
#include "milter/sandbox_calls.h"

#ifdef PST_HAVE_SECCOMP

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <termios.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/macros.h"

/*
 * Names, not numbers: a name that this libseccomp or this machine does not have
 * is left out.
 */
static const char *const allowed[] = {
    /* Descriptors */
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv",
    "pwritev", "close", "lseek", "_llseek", "dup", "dup2", "dup3", "fcntl",
    "fcntl64", "pipe", "pipe2", "eventfd2", "poll", "ppoll", "ppoll_time64",
    "select", "_newselect", "pselect6", "pselect6_time64", "epoll_create",
    "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
    /* Files; the other part of the sandbox says which */
    "open", "openat", "access", "faccessat", "faccessat2", "stat", "stat64",
    "lstat", "lstat64", "fstat", "fstat64", "newfstatat", "fstatat64", "statx",
    "statfs", "statfs64", "fstatfs", "fstatfs64", "readlink", "readlinkat",
    "getcwd", "getdents", "getdents64", "unlink", "unlinkat", "link", "linkat",
    "rename", "renameat", "renameat2", "ftruncate", "ftruncate64", "fallocate",
    "fsync", "fdatasync", "fchmod", "fchown", "fchown32", "flock", "fadvise64",
    "fadvise64_64", "arm_fadvise64_64", "umask",
    /* Sockets; socket(2) itself is limited below */
    "connect", "accept", "accept4", "send", "sendto", "sendmsg", "sendmmsg",
    "recv", "recvfrom", "recvmsg", "recvmmsg", "recvmmsg_time64", "shutdown",
    "getsockname", "getpeername", "getsockopt", "setsockopt",
    /* Memory; mmap(2) and mprotect(2) are limited below */
    "brk", "munmap", "mremap", "madvise", "membarrier", "mincore", "msync",
    /* Threads and signals; clone(2) and kill(2) are limited below */
    "futex", "futex_time64", "get_robust_list", "set_robust_list",
    "set_tid_address", "set_thread_area", "rseq", "gettid", "sched_yield",
    "sched_getaffinity", "sched_getparam", "sched_getscheduler",
    "sched_get_priority_max", "sched_get_priority_min", "rt_sigaction",
    "rt_sigprocmask", "rt_sigpending", "rt_sigsuspend", "rt_sigreturn",
    "rt_sigtimedwait", "rt_sigtimedwait_time64", "sigreturn", "sigaltstack",
    "exit", "exit_group", "restart_syscall",
    /* Time */
    "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64",
    "clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "gettimeofday",
    "time", "times",
    /* Names, numbers and limits of the process and the machine */
    "getpid", "getppid", "getpgrp", "getuid", "getuid32", "geteuid",
    "geteuid32", "getgid", "getgid32", "getegid", "getegid32", "getresuid",
    "getresuid32", "getresgid", "getresgid32", "getgroups", "getgroups32",
    "uname", "sysinfo", "getcpu", "getrandom", "getrusage", "getrlimit",
    "ugetrlimit", "getpriority"};

/* These kill a process of either kind. */
static const char *const hostile[] = {"ptrace", "process_vm_readv",
    "process_vm_writev", "kcmp", "pidfd_getfd", "mount", "umount", "umount2",
    "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig",
    "fsmount", "fspick", "mount_setattr", "unshare", "setns", "bpf",
    "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
    "perf_event_open", "kexec_load", "kexec_file_load", "init_module",
    "finit_module", "delete_module", "reboot", "swapon", "swapoff",
    "open_by_handle_at", "acct", "quotactl", "settimeofday", "clock_settime",
    "clock_settime64", "stime", "iopl", "ioperm", "modify_ldt", "sethostname",
    "setdomainname", "syslog", "nfsservctl", "lookup_dcookie", "mknod",
    "mknodat"};

/* A supervisor may make these: it starts processes and a program. */
static const char *const new_processes[] = {
    "execve", "execveat", "fork", "vfork"};

/* In postern-upload these only fail: Kerberos may keep tickets there. */
static const char *const keyrings[] = {"keyctl", "add_key", "request_key"};

/* Families of sockets that only an attack has a use for. */
static const unsigned hostile_families[] = {AF_KEY, AF_PACKET, AF_RDS, AF_CAN,
    AF_TIPC, AF_BLUETOOTH, AF_ALG, AF_VSOCK, AF_XDP};

/* prctl(2): what the C library and others ask for and what harms nobody. */
static const unsigned harmless_prctl[] = {PR_SET_NAME, PR_GET_NAME,
    PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_CAPBSET_READ,
    0x53564d41 /* PR_SET_VMA, names for memory */};

static const unsigned harmless_ioctl[] = {FIONREAD, FIONBIO, FIOCLEX, TCGETS};

/* socket(2) ignores these bits of the type when it chooses a protocol. */
#define TYPE_MASK 0xfU

struct maker {
	scmp_filter_ctx filter;
	int status; /* of the first call that failed; 0 */
};

static void
add(struct maker *maker, uint32_t action, const char *name, unsigned count,
    const struct scmp_arg_cmp *args)
{
	int call = seccomp_syscall_resolve_name(name);

	if (call == __NR_SCMP_ERROR || maker->status != 0)
		return;
	maker->status =
	    seccomp_rule_add_array(maker->filter, action, call, count, args);
}

static void
add_all(struct maker *maker, uint32_t action, const char *const *names,
    size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(maker, action, names[i], 0, NULL);
}

static struct scmp_arg_cmp
has(unsigned arg, unsigned mask, unsigned value)
{
	return (struct scmp_arg_cmp){arg, SCMP_CMP_MASKED_EQ, mask, value};
}

/* An argument of type int: the kernel ignores what is in its upper half. */
static struct scmp_arg_cmp
is(unsigned arg, unsigned value)
{
	return has(arg, 0xffffffffU, value);
}

static void
allow_socket(
    struct maker *maker, unsigned family, unsigned type, unsigned protocol)
{
	const struct scmp_arg_cmp args[] = {
	    is(0, family), has(1, TYPE_MASK, type), is(2, protocol)};

	add(maker, SCMP_ACT_ALLOW, "socket", PST_COUNT(args), args);
}

/*
 * Protocols are named, too: with IPPROTO_ICMP or IPPROTO_SCTP, these families
 * and types reach other parts of the kernel.
 */
static void
limit_sockets(struct maker *maker)
{
	static const unsigned internet[] = {AF_INET, AF_INET6};

	allow_socket(maker, AF_UNIX, SOCK_STREAM, 0);
	allow_socket(maker, AF_UNIX, SOCK_DGRAM, 0);
	for (size_t i = 0; i < PST_COUNT(internet); i++) {
		const struct scmp_arg_cmp raw[] = {
		    is(0, internet[i]), has(1, TYPE_MASK, SOCK_RAW)};

		allow_socket(maker, internet[i], SOCK_STREAM, 0);
		allow_socket(maker, internet[i], SOCK_STREAM, IPPROTO_TCP);
		allow_socket(maker, internet[i], SOCK_DGRAM, 0);
		allow_socket(maker, internet[i], SOCK_DGRAM, IPPROTO_UDP);
		add(maker, SCMP_ACT_KILL_PROCESS, "socket", PST_COUNT(raw),
		    raw);
	}
	for (size_t i = 0; i < PST_COUNT(hostile_families); i++)
		add(maker, SCMP_ACT_KILL_PROCESS, "socket", 1,
		    (struct scmp_arg_cmp[]){is(0, hostile_families[i])});
	/* getaddrinfo(3) asks for addresses of its own, and can go without. */
	add(maker, SCMP_ACT_ERRNO(EAFNOSUPPORT), "socket", 1,
	    (struct scmp_arg_cmp[]){is(0, AF_NETLINK)});
	add(maker, SCMP_ACT_ALLOW, "socketpair", 1,
	    (struct scmp_arg_cmp[]){is(0, AF_UNIX)});
}

/* What can be written cannot be executed. */
static void
limit_memory(struct maker *maker)
{
	static const char *const maps[] = {"mmap", "mmap2"};

	for (size_t i = 0; i < PST_COUNT(maps); i++) {
		add(maker, SCMP_ACT_ALLOW, maps[i], 1,
		    (struct scmp_arg_cmp[]){has(2, PROT_EXEC, 0)});
		add(maker, SCMP_ACT_ALLOW, maps[i], 1,
		    (struct scmp_arg_cmp[]){
			has(2, PROT_EXEC | PROT_WRITE, PROT_EXEC)});
	}
	add(maker, SCMP_ACT_ALLOW, "mprotect", 1,
	    (struct scmp_arg_cmp[]){has(2, PROT_EXEC, 0)});
}

/*
 * Threads, but no processes. The flags of clone3(2) are in memory, where no
 * filter can see them, so it fails and the C library uses clone(2).
 */
static void
limit_processes(struct maker *maker)
{
#ifdef __s390__
	const unsigned flags = 1;
#else
	const unsigned flags = 0;
#endif
	const unsigned self = (unsigned)getpid();

	add(maker, SCMP_ACT_ALLOW, "clone", 1,
	    (struct scmp_arg_cmp[]){has(flags, CLONE_THREAD, CLONE_THREAD)});
	add(maker, SCMP_ACT_KILL_PROCESS, "clone", 1,
	    (struct scmp_arg_cmp[]){has(flags, CLONE_THREAD, 0)});
	add_all(maker, SCMP_ACT_KILL_PROCESS, new_processes,
	    PST_COUNT(new_processes));
	add(maker, SCMP_ACT_ALLOW, "kill", 1,
	    (struct scmp_arg_cmp[]){is(0, self)});
	add(maker, SCMP_ACT_ALLOW, "tgkill", 1,
	    (struct scmp_arg_cmp[]){is(0, self)});
	/* Limits can be read; a new limit is the third argument. */
	add(maker, SCMP_ACT_ALLOW, "prlimit64", 1,
	    (struct scmp_arg_cmp[]){{2, SCMP_CMP_EQ, 0, 0}});
	for (size_t i = 0; i < PST_COUNT(harmless_prctl); i++)
		add(maker, SCMP_ACT_ALLOW, "prctl", 1,
		    (struct scmp_arg_cmp[]){is(0, harmless_prctl[i])});
	for (size_t i = 0; i < PST_COUNT(harmless_ioctl); i++)
		add(maker, SCMP_ACT_ALLOW, "ioctl", 1,
		    (struct scmp_arg_cmp[]){is(1, harmless_ioctl[i])});
}

static void
fill(struct maker *maker, enum pst_sandbox_calls kind)
{
	add_all(maker, SCMP_ACT_KILL_PROCESS, hostile, PST_COUNT(hostile));
	if (kind == PST_SANDBOX_SUPERVISOR)
		return;
	if (kind == PST_SANDBOX_WORKER)
		add_all(maker, SCMP_ACT_KILL_PROCESS, keyrings,
		    PST_COUNT(keyrings));
	add_all(maker, SCMP_ACT_ALLOW, allowed, PST_COUNT(allowed));
	limit_sockets(maker);
	limit_memory(maker);
	limit_processes(maker);
}

static void
set(struct maker *maker, enum scmp_filter_attr attribute, uint32_t value)
{
	if (maker->status == 0)
		maker->status =
		    seccomp_attr_set(maker->filter, attribute, value);
}

bool
pst_sandbox_calls_known(void)
{
	/* SCMP_ACT_KILL_PROCESS, of Linux 4.14 */
	return seccomp_api_get() >= 3;
}

bool
pst_sandbox_limit_calls(enum pst_sandbox_calls kind, struct pst_err *err)
{
	uint32_t otherwise = kind == PST_SANDBOX_SUPERVISOR ?
	    SCMP_ACT_ALLOW :
	    SCMP_ACT_ERRNO(ENOSYS);
	struct maker maker = {.filter = seccomp_init(otherwise), .status = 0};

	if (maker.filter == NULL)
		return pst_err_set(err, "libseccomp cannot make a filter");
	/* Calls by the numbers of another architecture have no rules. */
	set(&maker, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* The caller has done so for the other part, too. */
	set(&maker, SCMP_FLTATR_CTL_NNP, 0);
	/* A binary search, where the default is to compare with each call. */
	set(&maker, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	fill(&maker, kind);
	if (maker.status == 0)
		maker.status = seccomp_load(maker.filter);
	seccomp_release(maker.filter);
	return maker.status == 0 ||
	    pst_err_set(err, "the kernel refuses the filter: %s",
		strerror(-maker.status));
}

#else

bool
pst_sandbox_calls_known(void)
{
	return false;
}

bool
pst_sandbox_limit_calls(enum pst_sandbox_calls kind, struct pst_err *err)
{
	(void)kind;
	return pst_err_set(err, "Postern was built without libseccomp");
}

#endif

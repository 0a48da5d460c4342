/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

static int ready_fd = -1;   /* the waiting parent reads the other end */
static int pid_fd = -1;     /* kept open for its lock */
static char pid_path[4096]; /* "" without a pid file */

void
pst_process_open_log(
    const char *ident, bool to_stderr, const struct pst_config *config)
{
	enum pst_log_sink sink = PST_LOG_SYSLOG;

	/* With $JOURNAL_STREAM, standard error goes to journald. */
	if (to_stderr)
		sink = getenv("JOURNAL_STREAM") != NULL ? PST_LOG_JOURNAL :
							  PST_LOG_STDERR;
	pst_log_set_format(config->log.format);
	pst_log_open(sink, ident, config->log.facility, config->log.level);
	pst_log_never_wait();
}

bool
pst_process_identity(const char *user, const char *group,
    struct pst_identity *out, struct pst_err *err)
{
	const struct passwd *pw;
	const struct group *gr;

	memset(out, 0, sizeof(*out));
	if (geteuid() != 0 || user[0] == '\0')
		return true;
	pw = getpwnam(user);
	if (pw == NULL) {
		return pst_err_set(err,
		    "user \"%s\" does not exist; create it, or change the "
		    "option user",
		    user);
	}
	out->uid = pw->pw_uid;
	out->gid = pw->pw_gid;
	out->change = true;
	if (group[0] == '\0')
		return true;
	gr = getgrnam(group);
	if (gr == NULL) {
		return pst_err_set(err,
		    "group \"%s\" does not exist; create it, or change the "
		    "option group",
		    group);
	}
	out->gid = gr->gr_gid;
	return true;
}

bool
pst_process_become(const struct pst_identity *identity, struct pst_err *err)
{
	if (!identity->change || geteuid() != 0)
		return true;
	if (setgroups(1, &identity->gid) == -1 || setgid(identity->gid) == -1 ||
	    setuid(identity->uid) == -1) {
		return pst_err_set(
		    err, "cannot give up root privileges: %s", strerror(errno));
	}
	if (identity->uid != 0 && setuid(0) == 0)
		return pst_err_set(
		    err, "root privileges could be regained; stopping");
	return true;
}

void
pst_process_raise_files(void)
{
	struct rlimit limit;

	/* Each connection and DNS query takes one; 1024 are soon used up. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* The parent's part: its exit status says whether the child has started. */
static void
wait_for_child(pid_t child, int fd)
{
	char byte;
	int status;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n == -1 && errno == EINTR);
	if (n == 1)
		_exit(0);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	    WEXITSTATUS(status) != 0)
		_exit(WEXITSTATUS(status));
	_exit(1);
}

bool
pst_process_background(struct pst_err *err)
{
	int fds[2];
	int null;
	pid_t child;

	if (pipe(fds) == -1)
		return pst_err_set(
		    err, "cannot make a pipe: %s", strerror(errno));
	child = fork();
	if (child == -1)
		return pst_err_set(err, "cannot fork: %s", strerror(errno));
	if (child > 0) {
		(void)close(fds[1]);
		wait_for_child(child, fds[0]);
	}
	(void)close(fds[0]);
	ready_fd = fds[1];
	(void)fcntl(ready_fd, F_SETFD, FD_CLOEXEC);
	null = open("/dev/null", O_RDWR);
	if (setsid() == -1 || null == -1 || dup2(null, STDIN_FILENO) == -1)
		return pst_err_set(err, "cannot detach from the terminal: %s",
		    strerror(errno));
	if (null > STDERR_FILENO)
		(void)close(null);
	/* The directory in which we were started must stay removable. */
	if (chdir("/") == -1)
		return pst_err_set(
		    err, "cannot change to directory /: %s", strerror(errno));
	return true;
}

void
pst_process_ready(void)
{
	if (ready_fd == -1)
		return;
	(void)dup2(STDIN_FILENO, STDOUT_FILENO);
	(void)dup2(STDIN_FILENO, STDERR_FILENO);
	pst_log_follow_stderr();
	(void)!write(ready_fd, "1", 1);
	(void)close(ready_fd);
	ready_fd = -1;
}

void
pst_process_leave(void)
{
	if (ready_fd != -1)
		(void)close(ready_fd);
	if (pid_fd != -1)
		(void)close(pid_fd);
	ready_fd = pid_fd = -1;
}

bool
pst_process_write_pid(const char *name, struct pst_err *err)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char text[32];
	int len;

	if (name[0] == '\0')
		return true;
	pid_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (pid_fd == -1)
		return pst_err_set(
		    err, "cannot write pid-file %s: %s", name, strerror(errno));
	if (fcntl(pid_fd, F_SETLK, &lock) == -1) {
		return pst_err_set(err,
		    "pid-file %s is locked by another running posternd; stop "
		    "that one first",
		    name);
	}
	len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(pid_fd, 0) == -1 ||
	    write(pid_fd, text, (size_t)len) != (ssize_t)len)
		return pst_err_set(
		    err, "cannot write pid-file %s: %s", name, strerror(errno));
	(void)snprintf(pid_path, sizeof(pid_path), "%s", name);
	return true;
}

void
pst_process_remove_pid(void)
{
	/* If root owns the directory, the file stays, but it is not locked. */
	if (pid_path[0] != '\0')
		(void)unlink(pid_path);
}

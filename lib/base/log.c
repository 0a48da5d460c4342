/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log_queue.h"
#include "base/log_stderr.h"
#include "base/syslog_socket.h"

#define LINE_MAX_BYTES 2000
#define SYSLOG_HEAD_BYTES 256

/* The priorities of syslog(3), which the "<N>" prefix uses too. */
static const int priorities[] = {
    [PST_LOG_ERROR] = LOG_ERR,
    [PST_LOG_WARNING] = LOG_WARNING,
    [PST_LOG_NOTICE] = LOG_NOTICE,
    [PST_LOG_INFO] = LOG_INFO,
    [PST_LOG_DEBUG] = LOG_DEBUG,
};

static const char *const level_words[] = {
    [PST_LOG_ERROR] = "error",
    [PST_LOG_WARNING] = "warning",
    [PST_LOG_NOTICE] = "notice",
    [PST_LOG_INFO] = "info",
    [PST_LOG_DEBUG] = "debug",
};

static enum pst_log_format log_format = PST_LOG_TEXT;
static enum pst_log_sink log_sink = PST_LOG_STDERR;
static const char *log_ident = "postern";
/* The only one that changes while threads run: a reload may set it. */
static atomic_int log_max_level = PST_LOG_NOTICE;

int
pst_log_facility_code(enum pst_log_facility facility)
{
	static const int codes[] = {
	    [PST_LOG_MAIL] = LOG_MAIL,
	    [PST_LOG_DAEMON] = LOG_DAEMON,
	    [PST_LOG_USER] = LOG_USER,
	    [PST_LOG_LOCAL0] = LOG_LOCAL0,
	    [PST_LOG_LOCAL1] = LOG_LOCAL1,
	    [PST_LOG_LOCAL2] = LOG_LOCAL2,
	    [PST_LOG_LOCAL3] = LOG_LOCAL3,
	    [PST_LOG_LOCAL4] = LOG_LOCAL4,
	    [PST_LOG_LOCAL5] = LOG_LOCAL5,
	    [PST_LOG_LOCAL6] = LOG_LOCAL6,
	    [PST_LOG_LOCAL7] = LOG_LOCAL7,
	};

	return codes[facility];
}

void
pst_log_open(enum pst_log_sink sink, const char *ident,
    enum pst_log_facility facility, enum pst_log_level max_level)
{
	pst_log_queue_close();
	log_sink = sink;
	log_ident = ident;
	pst_log_set_level(max_level);
	if (sink != PST_LOG_SYSLOG)
		return;
	/* For systems without a datagram socket, and for libmilter's lines. */
	openlog(ident, LOG_PID | LOG_NDELAY, pst_log_facility_code(facility));
	(void)pst_syslog_open(
	    PST_SYSLOG_PATH, ident, pst_log_facility_code(facility));
}

void
pst_log_set_format(enum pst_log_format format)
{
	log_format = format;
}

bool
pst_log_is_json(void)
{
	return log_format == PST_LOG_JSON;
}

void
pst_log_set_level(enum pst_log_level max_level)
{
	atomic_store_explicit(
	    &log_max_level, (int)max_level, memory_order_relaxed);
}

bool
pst_log_enabled(enum pst_log_level level)
{
	return (int)level <=
	    atomic_load_explicit(&log_max_level, memory_order_relaxed);
}

/* Blanks out controls: with a line end inside, a line would read as two. */
static void
flatten(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = ' ';
}

/* The prefix of a line on standard error. */
static size_t
stderr_head(enum pst_log_level level, char *out, size_t size)
{
	int len = 0;

	out[0] = '\0';
	if (log_sink == PST_LOG_JOURNAL)
		len = snprintf(out, size, "<%d>", priorities[level]);
	else if (log_format == PST_LOG_TEXT)
		len = snprintf(out, size, "%s: ", log_ident);

	if (len < 0)
		return 0;
	return (size_t)len < size ? (size_t)len : size - 1;
}

/* Returns the object of a line of text, in the arena. */
static const char *
object_of(struct pst_arena *arena, enum pst_log_level level, const char *text,
    bool cut)
{
	struct pst_json *json = pst_json_new(arena);

	pst_json_open_object(json, NULL);
	pst_json_text(json, "level", level_words[level]);
	pst_json_text(json, "event", "log");
	pst_json_text(json, "program", log_ident);
	pst_json_text(json, "message", text);
	if (cut)
		pst_json_bool(json, "cut", true);
	pst_json_close(json);
	return pst_json_end(json);
}

/* Octets of text in a line that is valid, whatever has to be escaped in it. */
#define SURE_BYTES 256

/*
 * Writes text as an object, of less than size octets, and returns its length.
 * Each octet of the text has one octet of the object or more, so that the excess
 * need be taken off only once, unless the text is not UTF-8.
 */
static size_t
make_object(enum pst_log_level level, char *text, char *out, size_t size)
{
	static const size_t mark = sizeof(",\"cut\":true");
	struct pst_arena *arena = pst_arena_new();
	const char *object = object_of(arena, level, text, false);
	size_t len = strlen(text), used = strlen(object);

	while (used >= size) {
		size_t excess = used - size + 1 + mark;

		len = excess + SURE_BYTES < len ? len - excess : SURE_BYTES;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
		text[len] = '\0';
		object = object_of(arena, level, text, true);
		used = strlen(object);
	}
	memcpy(out, object, used + 1);
	pst_arena_free(arena);
	return used;
}

static size_t
describe_loss(char *line, size_t size, uint64_t lost)
{
	bool to_syslog = log_sink == PST_LOG_SYSLOG;
	size_t used = to_syslog ?
	    pst_syslog_head(priorities[PST_LOG_WARNING], line, size) :
	    stderr_head(PST_LOG_WARNING, line, size / 2);
	char text[SURE_BYTES];

	(void)snprintf(text, sizeof(text),
	    "%" PRIu64 " lines of this log were lost because nothing read them "
	    "in time; mail was handled as usual; look at what reads the log",
	    lost);
	if (log_format == PST_LOG_JSON)
		used += make_object(
		    PST_LOG_WARNING, text, line + used, size - used - 1);
	else
		used += (size_t)snprintf(line + used, size - used, "%s", text);
	if (!to_syslog)
		line[used++] = '\n';
	return used;
}

void
pst_log_never_wait(void)
{
	struct pst_log_target target = {.describe_loss = describe_loss};

	if (log_sink != PST_LOG_SYSLOG) {
		target.send = pst_log_stderr_try;
		target.fd = pst_log_stderr_fd;
		target.may_wait = !pst_log_stderr_open();
	} else {
		if (pst_syslog_is_stream())
			return;
		target.send = pst_syslog_try;
		target.fd = pst_syslog_fd;
	}
	pst_log_queue_open(&target);
}

void
pst_log_follow_stderr(void)
{
	if (log_sink != PST_LOG_SYSLOG && pst_log_queue_is_open())
		(void)pst_log_stderr_open();
}

void
pst_log_forked(void)
{
	pst_log_queue_forked();
}

bool
pst_log_start_writer(void)
{
	return !pst_log_queue_is_open() || pst_log_queue_start();
}

bool
pst_log_flush(void)
{
	return pst_log_queue_flush();
}

void
pst_log_finish(void)
{
	pst_log_queue_finish();
}

/* Hands the line, which has room for a line end, to the queue. */
static void
put_line(enum pst_log_level level, char *line, size_t len)
{
	char whole[PST_LOG_LINE_BYTES];

	static_assert(PST_LOG_LINE_BYTES >= LINE_MAX_BYTES + SYSLOG_HEAD_BYTES,
	    "a line fits with its head");
	if (log_sink != PST_LOG_SYSLOG) {
		line[len] = '\n';
		pst_log_queue_put(line, len + 1);
		return;
	}
	size_t head =
	    pst_syslog_head(priorities[level], whole, SYSLOG_HEAD_BYTES);
	memcpy(whole + head, line, len);
	pst_log_queue_put(whole, head + len);
}

/* Writes the line at once, so that lines of several threads do not mix. */
static void
write_line(char *line, size_t len)
{
	line[len] = '\n';
	while (write(STDERR_FILENO, line, len + 1) < 0 && errno == EINTR)
		continue;
}

/* Hands over a line of that length, which has room for a line end. */
static void
put(enum pst_log_level level, char *line, size_t len)
{
	if (pst_log_queue_is_open())
		put_line(level, line, len);
	else if (log_sink != PST_LOG_SYSLOG)
		write_line(line, len);
	else if (!pst_syslog_send(priorities[level], line, len))
		syslog(priorities[level], "%s", line);
}

void
pst_log(enum pst_log_level level, const char *format, ...)
{
	char text[LINE_MAX_BYTES + 1], line[LINE_MAX_BYTES + 1];
	int saved_errno = errno;
	size_t used = 0, len;
	va_list args;

	if (!pst_log_enabled(level))
		return;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	flatten(text);
	if (log_sink != PST_LOG_SYSLOG)
		used = stderr_head(level, line, sizeof(line) / 2);
	if (log_format == PST_LOG_JSON) {
		used +=
		    make_object(level, text, line + used, sizeof(line) - used);
	} else {
		len = strlen(text);
		if (len > LINE_MAX_BYTES - used)
			len = LINE_MAX_BYTES - used;
		memcpy(line + used, text, len);
		used += len;
		line[used] = '\0';
	}
	put(level, line, used);
	errno = saved_errno;
}

void
pst_log_object(enum pst_log_level level, const char *object)
{
	char line[LINE_MAX_BYTES + 1];
	int saved_errno = errno;
	size_t used = 0;
	int len;

	assert(log_format == PST_LOG_JSON && object[0] == '{');
	if (!pst_log_enabled(level))
		return;
	if (log_sink != PST_LOG_SYSLOG)
		used = stderr_head(level, line, sizeof(line) / 2);
	len = snprintf(line + used, sizeof(line) - used, "{\"level\":\"%s\",%s",
	    level_words[level], object + 1);
	assert(len > 0 && (size_t)len < sizeof(line) - used);
	put(level, line, used + (size_t)len);
	errno = saved_errno;
}

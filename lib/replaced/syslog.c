/* SPDX-License-Identifier: BSD-2-Clause */
#include "replaced/syslog.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <syslog.h>

#include "base/log.h"
#include "base/log_queue.h"
#include "replaced/launch.h"

#define TEXT_BYTES 1024 /* libmilter's lines are short */

static bool diverted;

void
pst_syslog_divert(void)
{
	diverted = true;
}

static enum pst_log_level
level_of(int priority)
{
	switch (LOG_PRI(priority)) {
	case LOG_WARNING:
		return PST_LOG_WARNING;
	case LOG_NOTICE:
		return PST_LOG_NOTICE;
	case LOG_INFO:
		return PST_LOG_INFO;
	case LOG_DEBUG:
		return PST_LOG_DEBUG;
	default:
		return PST_LOG_ERROR;
	}
}

__attribute__((format(printf, 2, 0))) static void
log_line(int priority, const char *format, va_list args)
{
	char text[TEXT_BYTES];

	if (pst_launch_pretends())
		return;
	if (!diverted || !pst_log_queue_is_open()) {
		vsyslog(priority, format, args);
		return;
	}
	if (vsnprintf(text, sizeof(text), format, args) >= 0)
		pst_log(level_of(priority), "%s", text);
}

/* Other names, because fortified headers define some of these inline. */
void our_syslog(int priority, const char *format, ...) __asm__("syslog")
    __attribute__((format(printf, 2, 3)));
void our_syslog_chk(int priority, int flag, const char *format, ...) __asm__(
    "__syslog_chk") __attribute__((format(printf, 3, 4)));

void
our_syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(priority, format, args);
	va_end(args);
}

/* flag asks for checks of %n, which libmilter does not use. */
void
our_syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	log_line(priority, format, args);
	va_end(args);
}

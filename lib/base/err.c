/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

bool
pst_err_set(struct pst_err *err, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return false;
}

bool
pst_err_set_at(struct pst_err *err, const char *file, unsigned line,
    const char *format, ...)
{
	va_list args;
	int len;

	if (err == NULL)
		return false;
	if (line == 0)
		len = snprintf(err->text, sizeof(err->text), "%s: ", file);
	else
		len = snprintf(
		    err->text, sizeof(err->text), "%s:%u: ", file, line);
	if (len < 0 || (size_t)len >= sizeof(err->text))
		return false;
	va_start(args, format);
	(void)vsnprintf(
	    err->text + len, sizeof(err->text) - (size_t)len, format, args);
	va_end(args);
	return false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/option_check.h"

#include <string.h>

#include "base/domain.h"
#include "base/endpoint.h"
#include "base/ip.h"
#include "config/marks.h"
#include "mail/sweep.h"

#define MAX_FIELD_NAME 76

bool
pst_option_check_socket(const char *text, const char **why)
{
	static _Thread_local struct pst_err err;
	struct pst_endpoint endpoint;

	if (pst_endpoint_parse(pst_str(text), &endpoint, &err))
		return true;
	*why = err.text;
	return false;
}

bool
pst_option_check_control(const char *text, const char **why)
{
	/* sun_path of a unix socket has 108 octets with the final NUL. */
	if (*text == '\0' || (*text == '/' && strlen(text) < 108))
		return true;
	*why = "must be an absolute path of at most 107 octets, or \"\" for no "
	       "control socket";
	return false;
}

/* R-MTA-2: a reply line is printable ASCII and of limited length. */
bool
pst_option_check_reply(const char *text, const char **why)
{
	if (pst_str_is_printable(pst_str(text)) && strlen(text) <= 400)
		return true;
	*why = "must be one line of 1 to 400 printable ASCII characters";
	return false;
}

bool
pst_option_check_id(const char *text, const char **why)
{
	if (*text == '\0' ||
	    (pst_str_is_printable(pst_str(text)) && strlen(text) <= 253))
		return true;
	*why = "must be a host name of at most 253 octets";
	return false;
}

bool
pst_option_check_server(const char *text, const char **why)
{
	struct pst_str s = pst_str(text);
	size_t at = pst_str_find(s, '@');
	struct pst_ip ip;
	uint64_t port = 53;

	if (pst_ip_parse(pst_str_first(s, at), &ip) &&
	    (at == s.len ||
		(pst_str_to_u64(pst_str_from(s, at + 1), 65535, &port) &&
		    port > 0)))
		return true;
	*why = "must be IP addresses, optionally with a port as in "
	       "127.0.0.1@5353";
	return false;
}

/* The address goes into a header field and into an SMTP command as it is. */
bool
pst_option_check_mailbox(const char *text, const char **why)
{
	struct pst_str s = pst_str(text);
	size_t at = pst_str_rfind(s, '@');
	size_t i;

	for (i = 0; i < at && i < s.len; i++) {
		if (!pst_is_alnum(text[i]) &&
		    strchr("!#$%&'*+-/=?^_`{|}~.", text[i]) == NULL)
			break;
	}
	if (s.len == 0 ||
	    (i == at && at > 0 && at <= 64 &&
		pst_domain_is_ldh(pst_str_from(s, at + 1))))
		return true;
	*why = "must be an address such as local@domain.example, without a "
	       "name or brackets";
	return false;
}

bool
pst_option_check_relay(const char *text, const char **why)
{
	struct pst_str s = pst_str(text);

	if (pst_str_is_printable(s) && pst_str_find(s, ' ') == s.len &&
	    (pst_str_starts(s, PST_STR("smtp://")) ||
		pst_str_starts(s, PST_STR("smtps://"))))
		return true;
	*why = "must be smtp://host:port or smtps://host:port";
	return false;
}

bool
pst_option_check_line(const char *text, const char **why)
{
	if (*text == '\0' ||
	    (pst_str_is_printable(pst_str(text)) && strlen(text) <= 250))
		return true;
	*why = "must be one line of at most 250 printable ASCII characters";
	return false;
}

bool
pst_option_check_address(const char *text, const char **why)
{
	struct pst_ip ip;

	if (*text == '\0' || pst_ip_parse(pst_str(text), &ip))
		return true;
	*why = "must be an IP address, such as 192.0.2.25";
	return false;
}

bool
pst_option_check_name(const char *text, const char **why)
{
	if (*text == '\0' || pst_domain_is_ldh(pst_str(text)))
		return true;
	*why = "must be a domain name such as mail.example.net";
	return false;
}

bool
pst_option_check_path(const char *text, const char **why)
{
	if (*text == '/')
		return true;
	*why = "must be the absolute path of a file";
	return false;
}

bool
pst_option_check_own_path(const char *text, const char **why)
{
	return *text == '\0' || pst_option_check_path(text, why);
}

bool
pst_option_check_field_pattern(const char *text, const char **why)
{
	static _Thread_local struct pst_err err;
	struct pst_str name = pst_str(text);
	bool is_prefix = name.len > 1 && name.ptr[name.len - 1] == '*';
	const char *used;

	*why = "must be the name of a header field, or the beginning of one "
	       "and *, such as X-Spam-*";
	if (is_prefix)
		name.len--;
	if (!pst_sweep_is_field_name(name) || name.len > MAX_FIELD_NAME ||
	    memchr(name.ptr, '*', name.len) != NULL)
		return false;
	used = pst_marks_used_by_mail(name, is_prefix);
	if (used == NULL)
		return true;
	(void)pst_err_set(&err,
	    "%s would remove %s%s, which mail itself uses; name only fields in "
	    "which a filter says what it has found",
	    text, used, used[strlen(used) - 1] == '-' ? "..." : "");
	*why = err.text;
	return false;
}

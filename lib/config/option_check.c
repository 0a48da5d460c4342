/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/option_check.h"

#include <string.h>

#include "base/domain.h"
#include "base/endpoint.h"
#include "base/ip.h"

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
	/* As long as a socket's address may be, one octet for its end. */
	if (*text == '\0' || (*text == '/' && strlen(text) < 108))
		return true;
	*why = "a control socket is an absolute path of at most 107 octets, "
	       "or \"\" for none";
	return false;
}

/* R-MTA-2: what a reply line may hold. */
bool
pst_option_check_reply(const char *text, const char **why)
{
	if (pst_str_is_printable(pst_str(text)) && strlen(text) <= 400)
		return true;
	*why = "a reply text is one line of 1 to 400 printable ASCII octets";
	return false;
}

bool
pst_option_check_field_name(const char *text, const char **why)
{
	const char *c;

	for (c = text; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~' || *c == ':')
			break;
	}
	/* A mark of that name would be taken for a forged result. */
	if (pst_str_ieq(pst_str(text), PST_STR("Authentication-Results"))) {
		*why = "this field is for the results, choose another name";
		return false;
	}
	if (*text != '\0' && *c == '\0' && c - text <= 76)
		return true;
	*why = "a header field name is printable ASCII without blanks and "
	       "colons, at most 76 octets";
	return false;
}

bool
pst_option_check_field_value(const char *text, const char **why)
{
	if (pst_str_is_printable(pst_str(text)) && strlen(text) <= 900)
		return true;
	*why = "a header field value is one line of 1 to 900 printable ASCII "
	       "octets";
	return false;
}

bool
pst_option_check_id(const char *text, const char **why)
{
	if (*text == '\0' ||
	    (pst_str_is_printable(pst_str(text)) && strlen(text) <= 253))
		return true;
	*why = "an authserv-id is a host name, at most 253 octets";
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
	*why = "a DNS server is an address, with a port as in 127.0.0.1@5353";
	return false;
}

/* As a DMARC record's address: what goes into a field and into a command. */
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
	*why = "an address is local@domain.example, without a name or brackets";
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
	*why = "a relay is smtp://host:port or smtps://host:port";
	return false;
}

bool
pst_option_check_line(const char *text, const char **why)
{
	if (*text == '\0' ||
	    (pst_str_is_printable(pst_str(text)) && strlen(text) <= 250))
		return true;
	*why = "this is one line of at most 250 printable ASCII octets";
	return false;
}

bool
pst_option_check_name(const char *text, const char **why)
{
	if (*text == '\0' || pst_domain_is_ldh(pst_str(text)))
		return true;
	*why = "this is a domain name, as in mail.example.net";
	return false;
}

bool
pst_option_check_path(const char *text, const char **why)
{
	if (*text == '/')
		return true;
	*why = "this is the absolute path of a file";
	return false;
}

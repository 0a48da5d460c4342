/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/endpoint.h"

#include <stdio.h>

#include "base/ip.h"

static bool
copy(char *to, size_t size, struct pst_str from)
{
	if (from.len >= size || memchr(from.ptr, '\0', from.len) != NULL)
		return false;
	memcpy(to, from.ptr, from.len);
	to[from.len] = '\0';
	return true;
}

static bool
parse_unix(struct pst_str path, struct pst_endpoint *out, struct pst_err *err)
{
	out->kind = PST_ENDPOINT_UNIX;
	if (path.len == 0 || path.ptr[0] != '/' ||
	    !pst_str_is_printable(path)) {
		return pst_err_set(err,
		    "a unix socket requires an absolute path, as in "
		    "unix:/run/postern/postern.sock");
	}
	if (!copy(out->path, sizeof(out->path), path)) {
		return pst_err_set(err,
		    "the path of a unix socket may have at most %zu octets",
		    sizeof(out->path) - 1);
	}
	return true;
}

/*
 * The place of the port shows the spelling: "8891@host" is libmilter's,
 * "host:8891" is Postfix's, and "8891" alone is valid in both.
 */
static bool
parse_inet(struct pst_str rest, struct pst_endpoint *out, struct pst_err *err)
{
	struct pst_str host = PST_STR("");
	struct pst_str port = rest;
	size_t at = pst_str_find(rest, '@');
	size_t colon = pst_str_rfind(rest, ':');
	uint64_t number;

	if (at < rest.len) {
		port = pst_str_first(rest, at);
		host = pst_str_from(rest, at + 1);
	} else if (colon < rest.len) {
		host = pst_str_first(rest, colon);
		port = pst_str_from(rest, colon + 1);
	}
	if (host.len > 2 && host.ptr[0] == '[' &&
	    host.ptr[host.len - 1] == ']') {
		host.ptr++;
		host.len -= 2;
	}
	if (!pst_str_to_u64(port, 65535, &number) || number == 0) {
		return pst_err_set(err,
		    "an inet socket requires a port from 1 to 65535, as in "
		    "inet:8891@127.0.0.1 or inet:127.0.0.1:8891");
	}
	out->port = (unsigned)number;
	if (host.len > 0 && !pst_str_is_printable(host))
		return pst_err_set(
		    err, "the host of a socket must be printable ASCII");
	if (!copy(out->host, sizeof(out->host), host))
		return pst_err_set(err, "the host of a socket is too long");
	return true;
}

bool
pst_endpoint_parse(
    struct pst_str text, struct pst_endpoint *out, struct pst_err *err)
{
	struct pst_ip ip;

	memset(out, 0, sizeof(*out));
	if (pst_str_starts(text, PST_STR("/")))
		return parse_unix(text, out, err);
	if (pst_str_starts(text, PST_STR("unix:")))
		return parse_unix(pst_str_from(text, 5), out, err);
	if (pst_str_starts(text, PST_STR("local:")))
		return parse_unix(pst_str_from(text, 6), out, err);
	if (pst_str_starts(text, PST_STR("inet6:"))) {
		out->kind = PST_ENDPOINT_INET6;
		return parse_inet(pst_str_from(text, 6), out, err);
	}
	if (pst_str_starts(text, PST_STR("inet:"))) {
		out->kind = PST_ENDPOINT_INET;
		if (!parse_inet(pst_str_from(text, 5), out, err))
			return false;
		if (pst_ip_parse(pst_str(out->host), &ip) &&
		    ip.family == PST_IP_V6)
			out->kind = PST_ENDPOINT_INET6;
		return true;
	}
	return pst_err_set(err,
	    "a socket begins with unix:, inet: or inet6:, as in "
	    "unix:/run/postern/postern.sock");
}

void
pst_endpoint_libmilter(
    const struct pst_endpoint *endpoint, char text[PST_ENDPOINT_TEXT_SIZE])
{
	const char *kind =
	    endpoint->kind == PST_ENDPOINT_INET6 ? "inet6" : "inet";

	if (endpoint->kind == PST_ENDPOINT_UNIX)
		(void)snprintf(
		    text, PST_ENDPOINT_TEXT_SIZE, "unix:%s", endpoint->path);
	else if (endpoint->host[0] == '\0')
		(void)snprintf(text, PST_ENDPOINT_TEXT_SIZE, "%s:%u", kind,
		    endpoint->port);
	else
		(void)snprintf(text, PST_ENDPOINT_TEXT_SIZE, "%s:%u@%s", kind,
		    endpoint->port, endpoint->host);
}

void
pst_endpoint_postfix(
    const struct pst_endpoint *endpoint, char text[PST_ENDPOINT_TEXT_SIZE])
{
	const char *host =
	    endpoint->host[0] == '\0' ? "localhost" : endpoint->host;
	bool brackets = strchr(host, ':') != NULL;

	if (endpoint->kind == PST_ENDPOINT_UNIX)
		(void)snprintf(
		    text, PST_ENDPOINT_TEXT_SIZE, "unix:%s", endpoint->path);
	else
		(void)snprintf(text, PST_ENDPOINT_TEXT_SIZE, "inet:%s%s%s:%u",
		    brackets ? "[" : "", host, brackets ? "]" : "",
		    endpoint->port);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/servers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/ip.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define DNS_PORT 53
#define MAX_LIST 4096

/* No one can change a reply on its way from there. */
static bool
is_local(const struct pst_ip *ip)
{
	static const uint8_t v6[16] = {[15] = 1};

	return ip->family == PST_IP_V4 ? ip->octets[0] == 127 :
					 memcmp(ip->octets, v6, 16) == 0;
}

static bool
add_server(struct pst_buf *buf, const char *server, struct pst_servers *out,
    struct pst_err *err)
{
	struct pst_str text = pst_str(server);
	size_t at = pst_str_find(text, '@');
	uint64_t port = DNS_PORT;
	char address[PST_IP_TEXT_SIZE];
	struct pst_ip ip;
	bool v6;

	if (!pst_ip_parse(pst_str_first(text, at), &ip) ||
	    (at < text.len &&
		(!pst_str_to_u64(pst_str_from(text, at + 1), 65535, &port) ||
		    port == 0)))
		return pst_err_set(err,
		    "the DNS server \"%s\" is not an IP address; write it as "
		    "192.0.2.53 or 192.0.2.53@5353",
		    server);
	v6 = ip.family == PST_IP_V6;
	pst_buf_printf(buf, "%s%s%s%s:%u", out->count == 0 ? "" : ",",
	    v6 ? "[" : "", pst_ip_text(&ip, address), v6 ? "]" : "",
	    (unsigned)port);
	out->count++;
	out->all_local &= is_local(&ip);
	return !pst_buf_overflowed(buf) ||
	    pst_err_set(err, "there are too many DNS servers; write fewer");
}

/* Returns the address in a "nameserver" line, which it cuts; NULL if none. */
static const char *
nameserver_in(char *line)
{
	struct pst_str rest = pst_str(line);
	size_t len = 0;
	size_t start;

	if (!pst_str_starts(rest, PST_STR("nameserver")))
		return NULL;
	for (start = strlen("nameserver"); pst_is_wsp(line[start]); start++)
		;
	if (start == strlen("nameserver"))
		return NULL;
	while (strchr(" \t\r\n#;", line[start + len]) == NULL)
		len++;
	line[start + len] = '\0';
	return len == 0 ? NULL : line + start;
}

static bool
add_system_servers(
    struct pst_buf *buf, struct pst_servers *out, struct pst_err *err)
{
	FILE *file = fopen(RESOLV_CONF, "re");
	char line[512];
	bool ok = true;

	if (file == NULL)
		return pst_err_set(err,
		    "no DNS server is configured and %s cannot be read: %s; "
		    "set dns.servers",
		    RESOLV_CONF, strerror(errno));
	while (ok && fgets(line, sizeof(line), file) != NULL) {
		const char *server = nameserver_in(line);

		/* The DNS library cannot use an address with a scope. */
		if (server != NULL && strchr(server, '%') == NULL)
			ok = add_server(buf, server, out, err);
	}
	fclose(file);
	if (ok && out->count == 0)
		return pst_err_set(err,
		    "no DNS server is configured and %s names none that can "
		    "be used; set dns.servers",
		    RESOLV_CONF);
	return ok;
}

bool
pst_servers_read(struct pst_arena *arena, const char *const *addresses,
    size_t count, struct pst_servers *out, struct pst_err *err)
{
	struct pst_buf buf;

	*out = (struct pst_servers){.all_local = true};
	pst_buf_init(&buf, arena, MAX_LIST);
	for (size_t i = 0; i < count; i++)
		if (!add_server(&buf, addresses[i], out, err))
			return false;
	if (count == 0 && !add_system_servers(&buf, out, err))
		return false;
	out->list = pst_buf_str(&buf);
	return true;
}

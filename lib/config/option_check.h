/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_OPTION_CHECK_H
#define PST_CONFIG_OPTION_CHECK_H

/*
 * The checks of option values that the table of options names. Each returns
 * true if text is valid; otherwise false, with a sentence in *why that the
 * caller does not free. The sentence goes after the name of the option.
 */

#include <stdbool.h>

/* A socket to listen on (base/endpoint.h). *why is a buffer of this thread. */
bool pst_option_check_socket(const char *text, const char **why);
/* The absolute path of a unix socket, or "" for none. */
bool pst_option_check_control(const char *text, const char **why);
/* The text of an SMTP reply (R-MTA-2). */
bool pst_option_check_reply(const char *text, const char **why);
/* An authserv-id (RFC 8601 s. 2.5), or "" for the default. */
bool pst_option_check_id(const char *text, const char **why);
/* A DNS server: an address, or address@port. */
bool pst_option_check_server(const char *text, const char **why);
/* An address local@domain without quotes or a display name, or "". */
bool pst_option_check_mailbox(const char *text, const char **why);
/* A mail server: smtp://host:port or smtps://host:port. */
bool pst_option_check_relay(const char *text, const char **why);
/* One line of printable ASCII, or "". */
bool pst_option_check_line(const char *text, const char **why);
/* An IP address, or "". */
bool pst_option_check_address(const char *text, const char **why);
/* A domain name, or "". */
bool pst_option_check_name(const char *text, const char **why);
/*
 * The name of a header field (RFC 5322 s. 2.2) that is not one of those that
 * every message needs, or the beginning of such names and `*`.
 */
bool pst_option_check_field_pattern(const char *text, const char **why);
/* An absolute path. */
bool pst_option_check_path(const char *text, const char **why);
/* An absolute path, or "" for the default. */
bool pst_option_check_own_path(const char *text, const char **why);

#endif

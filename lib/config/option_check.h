/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_OPTION_CHECK_H
#define PST_CONFIG_OPTION_CHECK_H

/*
 * What a text in the configuration may be: the checks that the option table names.
 * Each says whether text will do; if not, *why is a sentence.
 */

#include <stdbool.h>

/* A place to listen at (base/endpoint.h). */
bool pst_option_check_socket(const char *text, const char **why);
/* An absolute path for a unix socket, or "" for none. */
bool pst_option_check_control(const char *text, const char **why);
/* The text of an SMTP reply (R-MTA-2). */
bool pst_option_check_reply(const char *text, const char **why);
/* A header field name that is not that of the results. */
bool pst_option_check_field_name(const char *text, const char **why);
/* A header field value of one line. */
bool pst_option_check_field_value(const char *text, const char **why);
/* An authserv-id, or "" for the default. */
bool pst_option_check_id(const char *text, const char **why);
/* A DNS server: address, or address@port. */
bool pst_option_check_server(const char *text, const char **why);
/* local@domain without quotes, or "". */
bool pst_option_check_mailbox(const char *text, const char **why);
/* smtp://host:port or smtps://host:port. */
bool pst_option_check_relay(const char *text, const char **why);
/* One line of printable ASCII, or "". */
bool pst_option_check_line(const char *text, const char **why);
/* A domain name, or "". */
bool pst_option_check_name(const char *text, const char **why);
/* An absolute path. */
bool pst_option_check_path(const char *text, const char **why);

#endif

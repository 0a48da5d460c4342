/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/smtp_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Returns false if the connection is to end. */
static bool
say(FILE *out, const char *text, const char *otherwise)
{
	const char *reply = text == NULL ? otherwise : text;

	if (reply[0] == '\0')
		return false;
	(void)fprintf(out, "%s\r\n", reply);
	return fflush(out) == 0;
}

static char *
argument(const char *line)
{
	const char *colon = strchr(line, ':');
	char *copy = strdup(colon == NULL ? "" : colon + 1);

	assert_non_null(copy);
	copy[strcspn(copy, " \r\n")] = '\0';
	return copy;
}

/* Returns the text after DATA; NULL if the connection ends within it. */
static char *
read_text(FILE *in)
{
	char *text = NULL, *line = NULL;
	size_t len = 0, size = 0;
	ssize_t got;

	while ((got = getline(&line, &size, in)) > 0) {
		const char *from = line[0] == '.' ? line + 1 : line;
		size_t add = strlen(from);

		if (strcmp(line, ".\r\n") == 0) {
			free(line);
			return text == NULL ? strdup("") : text;
		}
		text = realloc(text, len + add + 1);
		assert_non_null(text);
		memcpy(text + len, from, add + 1);
		len += add;
	}
	free(line);
	free(text);
	return NULL;
}

static bool
take_text(struct smtp_server *server, FILE *in, FILE *out, char *from, char *to)
{
	bool odd = server->odd_one != NULL && strstr(to, server->odd_one);
	const char *reply =
	    odd && server->odd_end != NULL ? server->odd_end : server->end;
	struct smtp_mail *mail = &server->mails[server->count];
	char *text;

	if (!say(out, server->data, "354 go on"))
		return false;
	if (server->data != NULL && server->data[0] != '3')
		return true;
	text = read_text(in);
	if (text == NULL)
		return false;
	if (reply == NULL || reply[0] == '2' || reply[0] == '\0') {
		assert_true(server->count < SMTP_MAX_MAILS);
		*mail = (struct smtp_mail){strdup(from), strdup(to), text};
		server->count++;
	} else {
		free(text);
	}
	return say(out, reply, "250 2.0.0 kept");
}

static void
serve(struct smtp_server *server, FILE *in, FILE *out)
{
	char *line = NULL, *from = NULL, *to = NULL;
	size_t size = 0;
	unsigned taken = 0;
	bool on = say(out, server->greeting, "220 ready");

	while (on && getline(&line, &size, in) > 0) {
		if (strncasecmp(line, "EHLO", 4) == 0) {
			on = say(out, NULL,
			    "250-server\r\n250-AUTH PLAIN\r\n250 8BITMIME");
		} else if (strncasecmp(line, "AUTH PLAIN", 10) == 0) {
			on = say(out, NULL, "334 ") &&
			    getline(&line, &size, in) > 0;
			(void)snprintf(server->login, sizeof(server->login),
			    "%.200s", line);
			on = say(out, NULL, "235 2.7.0 welcome");
		} else if (strncasecmp(line, "MAIL", 4) == 0) {
			free(from);
			from = argument(line);
			on = say(out, server->mail, "250 2.1.0 ok");
		} else if (strncasecmp(line, "RCPT", 4) == 0) {
			free(to);
			to = argument(line);
			on = say(out,
			    server->odd_one != NULL &&
				    server->odd_rcpt != NULL &&
				    strstr(to, server->odd_one) ?
				server->odd_rcpt :
				server->rcpt,
			    "250 2.1.5 ok");
		} else if (strncasecmp(line, "DATA", 4) == 0) {
			on = take_text(server, in, out, from, to) &&
			    ++taken != server->per_connection;
		} else {
			on = say(out, NULL, "250 2.0.0 ok");
		}
	}
	free(line);
	free(from);
	free(to);
}

static void *
run(void *arg)
{
	struct smtp_server *server = arg;

	for (;;) {
		int fd = accept(server->listener, NULL, NULL);
		FILE *in, *out;

		if (fd < 0)
			return NULL;
		server->connections++;
		in = fdopen(fd, "r");
		out = fdopen(dup(fd), "w");
		serve(server, in, out);
		(void)fclose(out);
		(void)fclose(in);
	}
}

void
smtp_start(struct smtp_server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->count = 0;
	server->connections = 0;
	server->login[0] = '\0';
	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(server->listener >= 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address,
			     sizeof(address)),
	    0);
	assert_int_equal(listen(server->listener, 16), 0);
	assert_int_equal(
	    getsockname(server->listener, (struct sockaddr *)&address, &len),
	    0);
	server->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
}

void
smtp_stop(struct smtp_server *server)
{
	(void)shutdown(server->listener, SHUT_RDWR);
	(void)pthread_join(server->thread, NULL);
	(void)close(server->listener);
}

void
smtp_clear(struct smtp_server *server)
{
	for (unsigned i = 0; i < server->count; i++) {
		free(server->mails[i].from);
		free(server->mails[i].to);
		free(server->mails[i].text);
	}
	server->count = 0;
}

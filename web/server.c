/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/server.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/thread.h"
#include "store/metrics_page.h"
#include "web/page.h"
#include "web/style.h"

/* Of a connection: the request line, and its header. */
#define REQUEST_BYTES ((size_t)24 * 1024)
#define STACK_BYTES ((size_t)512 * 1024)
#define WATCH_MS 1000

struct connection {
	int fd; /* -1: free */
	int64_t until_ms;
};

struct pst_web_server {
	const struct pst_web_site *site;
	const struct pst_web_server_options *options;
	struct MHD_Daemon *daemon;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned making; /* pages */
	unsigned open;   /* connections */
	struct connection connections[PST_WEB_MAX_CONNECTIONS];
};

/* What is answered. */
struct answer {
	unsigned status;
	const char *type;
	struct pst_str body;
	bool lasting; /* the address changes when the content does */
};

static const char html_type[] = "text/html; charset=utf-8";
static const char text_type[] = "text/plain; charset=utf-8";

/* ---- connections ---- */

static void
note_begin(struct pst_web_server *server, struct MHD_Connection *connection,
    void **context)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	pst_mutex_lock(&server->mutex);
	server->open++;
	for (size_t i = 0; info != NULL && i < PST_WEB_MAX_CONNECTIONS; i++) {
		if (server->connections[i].fd != -1)
			continue;
		server->connections[i].fd = info->connect_fd;
		server->connections[i].until_ms =
		    pst_clock_ms(&pst_clock_system) +
		    PST_WEB_CONNECTION_S * 1000;
		*context = &server->connections[i];
		break;
	}
	pst_mutex_unlock(&server->mutex);
}

static void
note(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	struct pst_web_server *server = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		note_begin(server, connection, context);
		return;
	}
	/* The library closes the descriptor after this. */
	pst_mutex_lock(&server->mutex);
	if (*context != NULL)
		((struct connection *)*context)->fd = -1;
	server->open--;
	pst_cond_broadcast(&server->changed);
	pst_mutex_unlock(&server->mutex);
}

/*
 * The library's own limit is for silence only: a client that sends an octet now
 * and then would keep its connection for ever.
 */
static void *
watch(void *arg)
{
	struct pst_web_server *server = arg;

	pst_mutex_lock(&server->mutex);
	for (;;) {
		int64_t now_ms = pst_clock_ms(&pst_clock_system);

		for (size_t i = 0; i < PST_WEB_MAX_CONNECTIONS; i++) {
			struct connection *one = &server->connections[i];

			if (one->fd != -1 && now_ms >= one->until_ms)
				(void)shutdown(one->fd, SHUT_RDWR);
		}
		(void)pst_cond_wait_until(
		    &server->changed, &server->mutex, now_ms + WATCH_MS);
	}
	return NULL;
}

/* ---- requests ---- */

/* The parameters of a request, as far as there is room. */
struct params {
	struct pst_web_param items[PST_WEB_MAX_PARAMS + 1];
	size_t count;
	bool has_nul;
};

static enum MHD_Result
take_param(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_len,
    const char *value, size_t value_len)
{
	struct params *params = cls;

	(void)kind;
	if (value == NULL) {
		value = "";
		value_len = 0;
	}
	if (strlen(key) != key_len || strlen(value) != value_len)
		params->has_nul = true;
	params->items[params->count++] = (struct pst_web_param){key, value};
	return params->count > PST_WEB_MAX_PARAMS ? MHD_NO : MHD_YES;
}

/* Waits until a page may be made; false if it is busy. */
static bool
enter(struct pst_web_server *server)
{
	int64_t until_ms =
	    pst_clock_ms(&pst_clock_system) + PST_WEB_BUSY_S * 1000;
	bool entered = true;

	pst_mutex_lock(&server->mutex);
	while (entered && server->making >= PST_WEB_MAX_MAKING)
		entered = pst_cond_wait_until(
			      &server->changed, &server->mutex, until_ms) ||
		    server->making < PST_WEB_MAX_MAKING;
	if (entered)
		server->making++;
	pst_mutex_unlock(&server->mutex);
	return entered;
}

static void
leave(struct pst_web_server *server)
{
	pst_mutex_lock(&server->mutex);
	server->making--;
	pst_cond_broadcast(&server->changed);
	pst_mutex_unlock(&server->mutex);
}

static struct answer
refuse(struct pst_web_request *request, unsigned status, const char *title,
    const char *sentence)
{
	return (struct answer){.status = status,
	    .type = html_type,
	    .body = pst_web_error_page(request, title, sentence)};
}

static struct answer
make_page(struct pst_web_server *server, struct pst_web_request *request,
    const char *path, const struct params *params)
{
	struct answer answer = {.type = html_type};
	struct pst_err err;

	if (!pst_web_request_parse(request, path, params->items,
		params->has_nul ? 0 : params->count, &err))
		return refuse(request, request->status,
		    request->status == 404 ? "No such page" :
					     "This address is not valid",
		    err.text);
	if (params->has_nul)
		return refuse(request, 400, "This address is not valid",
		    "The address has a NUL octet, which nothing in mail that "
		    "was looked for can have.");
	if (!enter(server))
		return refuse(request, 503, "Busy",
		    "Too many pages are being made at the moment. Try again "
		    "in a few seconds.");
	answer.body = pst_web_page(request, &answer.status);
	leave(server);
	return answer;
}

/* Returns a file of ours that every page uses; status 0 if it is not one. */
static struct answer
find_file(const char *url)
{
	if (url[0] == '/' && strcmp(url + 1, pst_web_style_name()) == 0)
		return (struct answer){200, "text/css; charset=utf-8",
		    pst_str(pst_web_style), true};
	if (strcmp(url, "/icon.svg") == 0)
		return (struct answer){
		    200, "image/svg+xml", pst_str(pst_web_icon), false};
	return (struct answer){.status = 0};
}

/* The name in a Host field, without the port. */
static struct pst_str
host_name(const char *field)
{
	struct pst_str name = pst_str_trim(pst_str(field));
	size_t colon = pst_str_rfind(name, ':');

	if (colon < name.len && pst_str_find(name, ']') < colon)
		return pst_str_first(name, colon);
	if (name.len > 0 && name.ptr[0] == '[')
		return name;
	return pst_str_first(name, pst_str_find(name, ':'));
}

/* A program without the field, as HTTP/1.0 allows, is not a browser. */
static bool
is_our_host(const struct pst_web_server *server, const char *field)
{
	static const char *const always[] = {"localhost", "127.0.0.1", "[::1]"};
	const struct pst_web_server_options *options = server->options;
	struct pst_str name;

	if (!options->check_host || field == NULL)
		return true;
	name = host_name(field);
	for (size_t i = 0; i < PST_COUNT(always); i++)
		if (pst_str_ieq(name, pst_str(always[i])))
			return true;
	for (size_t i = 0; i < options->host_count; i++)
		if (pst_str_ieq(name, pst_str(options->hosts[i])))
			return true;
	return false;
}

/* For Prometheus; 503 says that the daemon cannot be asked. */
static struct answer
make_metrics(
    struct pst_web_server *server, const struct pst_web_request *request)
{
	struct answer answer = {.status = 503, .type = text_type};
	const struct pst_status *status;
	const char *why = "busy; try again in a few seconds";

	if (enter(server)) {
		status = pst_web_daemon_status(
		    server->site->daemon, request->arena, &why);
		if (status != NULL) {
			answer.status = 200;
			answer.type = PST_METRICS_CONTENT_TYPE;
			answer.body = pst_str(pst_metrics_page(
			    request->arena, status, server->site->config));
		}
		leave(server);
	}
	if (answer.status != 200)
		answer.body =
		    pst_str(pst_arena_printf(request->arena, "%s\n", why));
	return answer;
}

static struct answer
judge(struct pst_web_server *server, struct MHD_Connection *connection,
    const char *url, struct pst_web_request *request)
{
	struct params params = {.count = 0};
	struct answer answer;

	if (!is_our_host(server,
		MHD_lookup_connection_value(
		    connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST)))
		return (struct answer){421, text_type,
		    PST_STR("This name does not belong to these pages. "
			    "postern-web --host NAME adds one.\n"),
		    false};
	answer = find_file(url);
	if (answer.status != 0)
		return answer;
	if (strcmp(url, "/metrics") == 0)
		return make_metrics(server, request);
	/* The links of a page are relative, and all pages are at one level. */
	if (url[0] != '/' || strchr(url + 1, '/') != NULL)
		return (struct answer){404, text_type,
		    PST_STR("There is no page at this address.\n"), false};
	(void)MHD_get_connection_values_n(
	    connection, MHD_GET_ARGUMENT_KIND, take_param, &params);
	return make_page(server, request, url, &params);
}

/* ---- answers ---- */

static const struct {
	const char *name, *value;
} headers[] = {
    {"Content-Security-Policy",
	"default-src 'none'; style-src 'self'; img-src 'self'; "
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Embedder-Policy", "require-corp"},
    {MHD_HTTP_HEADER_CONNECTION, "close"},
};

static enum MHD_Result
send_answer(struct MHD_Connection *connection, const struct answer *answer)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(answer->body.len,
		(void *)(uintptr_t)answer->body.ptr, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_YES;

	if (response == NULL)
		return MHD_NO;
	for (size_t i = 0; i < PST_COUNT(headers) && result == MHD_YES; i++)
		result = MHD_add_response_header(
		    response, headers[i].name, headers[i].value);
	if (result == MHD_YES)
		result = MHD_add_response_header(
		    response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	if (result == MHD_YES)
		result = MHD_add_response_header(response,
		    MHD_HTTP_HEADER_CACHE_CONTROL,
		    answer->lasting ? "public, max-age=31536000, immutable" :
				      "no-store");
	if (result == MHD_YES && answer->status == 405)
		result = MHD_add_response_header(
		    response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (result == MHD_YES && answer->status == 503)
		result = MHD_add_response_header(
		    response, MHD_HTTP_HEADER_RETRY_AFTER, "5");
	/* A page that lacks one of these must not be sent. */
	if (result == MHD_YES)
		result =
		    MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

/* Called once the header is there; a body is not read. */
static enum MHD_Result
handle(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *body, size_t *body_len,
    void **context)
{
	struct pst_web_server *server = cls;
	struct pst_web_request request = {.site = server->site};
	struct pst_err err;
	struct answer answer;
	enum MHD_Result result;

	(void)version;
	(void)body;
	(void)body_len;
	(void)context;
	request.arena = pst_arena_new();
	request.now_s = pst_clock_epoch(&pst_clock_system);
	if (!pst_web_request_parse(&request, "/", NULL, 0, &err))
		abort();
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		answer = refuse(&request, 405, "Read-only",
		    "These pages can only be read: the methods are GET and "
		    "HEAD.");
	else
		answer = judge(server, connection, url, &request);
	result = send_answer(connection, &answer);
	pst_arena_free(request.arena);
	return result;
}

/* ---- start and end ---- */

static struct MHD_Daemon *
start_library(struct pst_web_server *server)
{
	return MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION |
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC,
	    0, NULL, NULL, handle, server, MHD_OPTION_LISTEN_SOCKET,
	    (MHD_socket)server->options->fd, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)PST_WEB_MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)PST_WEB_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    REQUEST_BYTES, MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, note,
	    server, MHD_OPTION_END);
}

struct pst_web_server *
pst_web_server_start(const struct pst_web_site *site,
    const struct pst_web_server_options *options, struct pst_err *err)
{
	struct pst_web_server *server = calloc(1, sizeof(*server));
	pthread_t watcher;

	if (server == NULL)
		abort();
	server->site = site;
	server->options = options;
	for (size_t i = 0; i < PST_WEB_MAX_CONNECTIONS; i++)
		server->connections[i].fd = -1;
	pst_mutex_init(&server->mutex);
	pst_cond_init(&server->changed);
	server->daemon = start_library(server);
	if (server->daemon != NULL &&
	    pst_thread_start(&watcher, watch, server)) {
		pst_thread_detach(watcher);
		return server;
	}
	(void)pst_err_set(err,
	    "cannot start the threads of the server; look at the limits of "
	    "processes and of memory");
	if (server->daemon != NULL)
		MHD_stop_daemon(server->daemon);
	free(server);
	return NULL;
}

void
pst_web_server_stop(struct pst_web_server *server, unsigned patience_ms)
{
	int64_t until_ms = pst_clock_ms(&pst_clock_system) + patience_ms;

	(void)MHD_quiesce_daemon(server->daemon);
	pst_mutex_lock(&server->mutex);
	while (server->making > 0 &&
	    pst_cond_wait_until(&server->changed, &server->mutex, until_ms))
		continue;
	pst_mutex_unlock(&server->mutex);
}

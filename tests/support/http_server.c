/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILES_MAX     16
#define REQUEST_BYTES 4096

struct served {
    char path[256];
    char *body;
    size_t bytes;
    enum oac_http_fault fault;
    size_t after_bytes, times;
    size_t requests, last_first_byte;
};

struct oac_http_server {
    int listener, stop[2]; /* a byte in the pipe `stop` ends the thread wherever it waits */
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock; /* of files */
    size_t count;
    struct served files[FILES_MAX];
};

static struct served *find(struct oac_http_server *server, const char *path)
{
    for (size_t i = 0; i < server->count; i++) {
        if (strcmp(server->files[i].path, path) == 0)
            return &server->files[i];
    }
    return NULL;
}

/* Waits for `fd`; false when the server is to stop. */
static bool wait_for(const struct oac_http_server *server, int fd, short events)
{
    struct pollfd fds[2] = {{fd, events, 0}, {server->stop[0], POLLIN, 0}};
    poll(fds, 2, -1);
    return !(fds[1].revents & POLLIN);
}

/* False when the client has gone or the server is to stop. */
static bool send_all(const struct oac_http_server *server, int client, const char *data,
                     size_t bytes)
{
    while (bytes > 0) {
        if (!wait_for(server, client, POLLOUT))
            return false;
        ssize_t n = send(client, data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0)
            return false;
        data += n;
        bytes -= (size_t)n;
    }
    return true;
}

static bool send_text(const struct oac_http_server *server, int client, const char *text)
{
    return send_all(server, client, text, strlen(text));
}

static bool receive_request(const struct oac_http_server *server, int client,
                            char request[REQUEST_BYTES])
{
    size_t used = 0;
    request[0] = '\0';
    while (!strstr(request, "\r\n\r\n") && used < REQUEST_BYTES - 1) {
        if (!wait_for(server, client, POLLIN))
            return false;
        ssize_t n = recv(client, request + used, REQUEST_BYTES - 1 - used, 0);
        if (n <= 0)
            return false;
        used += (size_t)n;
        request[used] = '\0';
    }
    return true;
}

static void send_body(const struct oac_http_server *server, int client,
                      const struct served *file, size_t first)
{
    char head[256];
    const bool endless = file->fault == OAC_HTTP_ENDLESS;
    const bool whole = endless || file->fault == OAC_HTTP_IGNORE_RANGE || first == 0;
    if (whole)
        first = 0;
    int used = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nConnection: close\r\n",
                        whole ? "200 OK" : "206 Partial Content");
    if (!whole)
        used += snprintf(head + used, sizeof head - (size_t)used,
                         "Content-Range: bytes %zu-%zu/%zu\r\n", first, file->bytes - 1,
                         file->bytes);
    if (!endless)
        used += snprintf(head + used, sizeof head - (size_t)used, "Content-Length: %zu\r\n",
                         file->bytes - first);
    snprintf(head + used, sizeof head - (size_t)used, "\r\n");
    const bool part = file->fault == OAC_HTTP_CUT || file->fault == OAC_HTTP_STALL;
    const size_t left = file->bytes - first;
    const size_t send_bytes = part && file->after_bytes < left ? file->after_bytes : left;
    bool alive = send_text(server, client, head) &&
                 send_all(server, client, file->body + first, send_bytes);
    while (alive && endless)
        alive = send_all(server, client, file->body, file->bytes);
    if (alive && file->fault == OAC_HTTP_STALL)
        wait_for(server, client, POLLIN); /* until the client gives up */
}

static void answer(const struct oac_http_server *server, int client, const struct served *file,
                   size_t first)
{
    char head[400];
    switch (file->fault) {
    case OAC_HTTP_ERROR_503:
        send_text(server, client,
                  "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: "
                  "5\r\n\r\nsorry");
        return;
    case OAC_HTTP_REDIRECT_LOOP:
    case OAC_HTTP_REDIRECT_FILE:
        snprintf(head, sizeof head,
                 "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: %s%s\r\n"
                 "Content-Length: 0\r\n\r\n",
                 file->fault == OAC_HTTP_REDIRECT_LOOP ? "/" : "file:///etc/hostname",
                 file->fault == OAC_HTTP_REDIRECT_LOOP ? file->path : "");
        send_text(server, client, head);
        return;
    default:
        break;
    }
    if (first > 0 && first >= file->bytes && file->fault != OAC_HTTP_IGNORE_RANGE) {
        snprintf(head, sizeof head,
                 "HTTP/1.1 416 Range Not Satisfiable\r\nConnection: close\r\n"
                 "Content-Range: bytes */%zu\r\nContent-Length: 0\r\n\r\n",
                 file->bytes);
        send_text(server, client, head);
        return;
    }
    send_body(server, client, file, first);
}

/* Takes the request's state and a copy of the body out under the lock, answers without it: a client that
 * gave up early may put another body while this one is still being sent. */
static void handle(struct oac_http_server *server, int client)
{
    char request[REQUEST_BYTES], path[256] = "";
    struct served file = {0};
    if (!receive_request(server, client, request) || sscanf(request, "GET /%255s", path) != 1)
        return;
    size_t first = 0;
    const char *range = strcasestr(request, "\r\nRange: bytes=");
    if (range)
        first = strtoul(range + strlen("\r\nRange: bytes="), NULL, 10);
    pthread_mutex_lock(&server->lock);
    struct served *found = find(server, path);
    if (found) {
        found->requests++;
        found->last_first_byte = first;
        file = *found;
        file.body = malloc(file.bytes + 1);
        cr_assert(file.body != NULL);
        memcpy(file.body, found->body, file.bytes);
        if (found->times > 0 && --found->times == 0)
            found->fault = OAC_HTTP_NO_FAULT;
    }
    pthread_mutex_unlock(&server->lock);
    if (found)
        answer(server, client, &file, first);
    else
        send_text(server, client,
                  "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 9\r\n\r\nnot "
                  "found");
    free(file.body);
}

static void *serve(void *context)
{
    struct oac_http_server *server = context;
    while (wait_for(server, server->listener, POLLIN)) {
        int client = accept(server->listener, NULL, NULL);
        if (client < 0)
            continue;
        handle(server, client);
        close(client);
    }
    return NULL;
}

struct oac_http_server *oac_http_server_start(void)
{
    struct oac_http_server *server = calloc(1, sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    cr_assert(server != NULL);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(server->listener >= 0 &&
                  bind(server->listener, (struct sockaddr *)&address, length) == 0 &&
                  listen(server->listener, 8) == 0 &&
                  getsockname(server->listener, (struct sockaddr *)&address, &length) == 0,
              "cannot listen on the loopback interface");
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u/", ntohs(address.sin_port));
    cr_assert(pipe(server->stop) == 0 && pthread_mutex_init(&server->lock, NULL) == 0 &&
                  pthread_create(&server->thread, NULL, serve, server) == 0,
              "cannot start the server's thread");
    return server;
}

void oac_http_server_stop(struct oac_http_server *server)
{
    cr_assert(write(server->stop[1], "x", 1) == 1);
    pthread_join(server->thread, NULL);
    pthread_mutex_destroy(&server->lock);
    for (size_t i = 0; i < server->count; i++)
        free(server->files[i].body);
    close(server->listener);
    close(server->stop[0]);
    close(server->stop[1]);
    free(server);
}

const char *oac_http_server_url(const struct oac_http_server *server)
{
    return server->url;
}

void oac_http_server_put(struct oac_http_server *server, const char *path, const void *body,
                         size_t bytes)
{
    pthread_mutex_lock(&server->lock);
    struct served *file = find(server, path);
    if (!file) {
        cr_assert(server->count < FILES_MAX);
        file = &server->files[server->count++];
        snprintf(file->path, sizeof file->path, "%s", path);
    }
    free(file->body);
    file->body = malloc(bytes ? bytes : 1);
    cr_assert(file->body != NULL);
    memcpy(file->body, body, bytes);
    file->bytes = bytes;
    pthread_mutex_unlock(&server->lock);
}

void oac_http_server_fault(struct oac_http_server *server, const char *path,
                           enum oac_http_fault fault, size_t after_bytes, size_t times)
{
    pthread_mutex_lock(&server->lock);
    struct served *file = find(server, path);
    cr_assert(file != NULL, "%s is not served", path);
    file->fault = fault;
    file->after_bytes = after_bytes;
    file->times = times;
    pthread_mutex_unlock(&server->lock);
}

size_t oac_http_server_requests(struct oac_http_server *server, const char *path)
{
    pthread_mutex_lock(&server->lock);
    const struct served *file = find(server, path);
    const size_t requests = file ? file->requests : 0;
    pthread_mutex_unlock(&server->lock);
    return requests;
}

size_t oac_http_server_last_first_byte(struct oac_http_server *server, const char *path)
{
    pthread_mutex_lock(&server->lock);
    const struct served *file = find(server, path);
    const size_t first = file ? file->last_first_byte : 0;
    pthread_mutex_unlock(&server->lock);
    return first;
}

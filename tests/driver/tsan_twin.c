/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients of every kind at once on a virtual bench, and its end while they talk: no race under TSan, no hang. */
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/twin/server.h"
#include "sim/noise.h"
#include "tests/driver/twin_fixture.h"

enum { CLIENTS = 6, TURNS = 12, SAMPLES = 360 };

struct client {
    pthread_t thread;
    unsigned port, number;
};

static int dial(unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? fd : -1;
}

/* Sends, and takes whatever comes until `bytes` of it have come or the end. */
static bool ask(int fd, const void *text, size_t count, size_t bytes)
{
    uint8_t heard[8192];
    if (send(fd, text, count, MSG_NOSIGNAL) != (ssize_t)count)
        return false;
    while (bytes > 0) {
        ssize_t got = recv(fd, heard, bytes < sizeof heard ? bytes : sizeof heard, 0);
        if (got <= 0)
            return false;
        bytes -= (size_t)got;
    }
    return true;
}

static void play(int fd, char dac)
{
    char text[80];
    uint8_t samples[2 * SAMPLES] = {0};
    int n = snprintf(text, sizeof text, "OPEN m2k-dac-%c %d 00000001\r\n", dac, SAMPLES);
    ask(fd, text, (size_t)n, 2);
    n = snprintf(text, sizeof text, "WRITEBUF m2k-dac-%c %d\r\n", dac, 2 * SAMPLES);
    for (int i = 0; i < TURNS; i++)
        if (!ask(fd, text, (size_t)n, 2) || !ask(fd, samples, sizeof samples, 4))
            return;
}

static void *work(void *context)
{
    const struct client *client = context;
    int fd = dial(client->port);
    if (client->number < 2)
        play(fd, client->number ? 'b' : 'a');
    for (int i = 0; i < TURNS && client->number >= 2; i++) {
        if (client->number % 2 == 0 && i == 0)
            ask(fd, "OPEN m2k-adc 480 00000001\r\n", 27, 2);
        bool alive =
            client->number % 2 == 0
                ? ask(fd, "READBUF m2k-adc 960\r\n", 21, 4 + 9 + 960)
                : ask(fd, "WRITE m2k-adc oversampling_ratio 1\r\n7READ m2k-adc \r\n", 53, 2);
        if (!alive)
            break;
    }
    close(fd);
    return NULL;
}

static void *serve(void *context)
{
    struct oac_err err;
    twin_require(oac_twin_server_run(context, &err), &err);
    return NULL;
}

int main(void)
{
    struct twin_fixture fixture;
    struct oac_twin_server *server;
    struct client client[CLIENTS];
    pthread_t thread;
    struct oac_err err;
    twin_fixture_make(&fixture, OAC_NOISE_ALL, 1);
    twin_require(oac_twin_server_open(fixture.twin, "127.0.0.1:0", NULL, &server, &err), &err);
    pthread_create(&thread, NULL, serve, server);
    for (unsigned i = 0; i < CLIENTS; i++) {
        client[i].port = (unsigned)atoi(strrchr(oac_twin_server_address(server), ':') + 1);
        client[i].number = i;
        pthread_create(&client[i].thread, NULL, work, &client[i]);
    }
    for (unsigned i = 3; i < CLIENTS; i++)
        pthread_join(client[i].thread, NULL);
    oac_twin_server_stop(server); /* some may still play or read */
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < 3; i++)
        pthread_join(client[i].thread, NULL);
    oac_twin_server_close(server);
    twin_fixture_end(&fixture);
    printf("no race\n");
    return 0;
}

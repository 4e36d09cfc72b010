/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/iio_served.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "driver/twin/server.h"
#include "sim/noise.h"

static int serve(const struct iio_served *served, int to)
{
    static const uint8_t hash[32];
    static struct oac_bench_boards boards;
    boards.count = 1;
    boards.board[0].profile = served->board;
    const struct oac_twin_options options = {
        .bench = {&boards, &served->rig, hash, OAC_NOISE_NONE, 1}};
    struct oac_twin *twin;
    struct oac_twin_server *server;
    struct oac_err err;
    char uri[sizeof served->uri] = "";
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (oac_twin_create(&options, &twin, &err) ||
        oac_twin_server_open(twin, "127.0.0.1:0", NULL, &server, &err))
        return 1;
    snprintf(uri, sizeof uri, "ip:%s", oac_twin_server_address(server));
    if (write(to, uri, sizeof uri) < 0)
        return 1;
    return oac_twin_server_run(server, &err) != OAC_OK;
}

enum oac_status iio_served_start(struct iio_served *served, struct oac_err *err)
{
    int ends[2];
    if (oac_rig_read("m2k-bench", NULL, 0, &served->rig, NULL, err) ||
        oac_board_read(served->rig.iio.board, &served->board, err))
        return err->status;
    if (pipe(ends))
        return oac_fail(err, OAC_EIO, "no pipe for a virtual bench");
    served->pid = fork();
    if (served->pid == 0)
        _exit(serve(served, ends[1]));
    close(ends[1]);
    const bool there = read(ends[0], served->uri, sizeof served->uri) > 0;
    close(ends[0]);
    return there ? OAC_OK : oac_fail(err, OAC_EIO, "the virtual bench did not start");
}

void iio_served_stop(struct iio_served *served)
{
    kill(served->pid, SIGKILL);
    waitpid(served->pid, NULL, 0);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct half { /* one direction of one end */
    int fd;
    unsigned pieces;
    size_t bytes;
    bool gives, asks; /* asks: the end that wants the other one's data */
    pthread_t thread;
};

static bool whole(int fd, uint8_t *data, size_t bytes, bool gives)
{
    for (size_t done = 0; done < bytes;) {
        const ssize_t now = gives ? send(fd, data + done, bytes - done, MSG_NOSIGNAL)
                                  : recv(fd, data + done, bytes - done, 0);
        if (now <= 0)
            return false;
        done += (size_t)now;
    }
    return true;
}

static void *carry(void *context)
{
    const struct half *half = context;
    uint8_t *data = calloc(half->bytes, 1), request = 0;
    bool good = data != NULL;
    for (unsigned i = 0; good && i < half->pieces; i++)
        good = whole(half->fd, &request, 1, half->asks) &&
               whole(half->fd, data, half->bytes, half->gives);
    free(data);
    return good ? context : NULL;
}

static bool carry_both(struct half half[2])
{
    bool good = true;
    for (int i = 0; i < 2; i++)
        if (pthread_create(&half[i].thread, NULL, carry, &half[i]))
            return false;
    for (int i = 0; i < 2; i++) {
        void *done = NULL;
        pthread_join(half[i].thread, &done);
        good = good && done;
    }
    return good;
}

static int dial(const struct sockaddr_in *to)
{
    const int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof *to) != 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

double iio_served_loopback_s(unsigned pieces, size_t out, size_t in)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t bytes = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int door = socket(AF_INET, SOCK_STREAM, 0);
    if (door < 0 || bind(door, (struct sockaddr *)&at, sizeof at) || listen(door, 2) ||
        getsockname(door, (struct sockaddr *)&at, &bytes))
        return -1.0;
    const pid_t pid = fork();
    if (pid == 0) {
        struct half far[2] = {{dial(&at), pieces, out, false, false, 0},
                              {dial(&at), pieces, in, true, false, 0}};
        _exit(!carry_both(far));
    }
    struct half near[2] = {{accept(door, NULL, NULL), pieces, out, true, true, 0},
                           {accept(door, NULL, NULL), pieces, in, false, true, 0}};
    const double from_s = now_s();
    const bool good = carry_both(near);
    const double took_s = now_s() - from_s;
    for (int i = 0; i < 2; i++)
        close(near[i].fd);
    close(door);
    waitpid(pid, NULL, 0);
    return good ? took_s : -1.0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The virtual bench on a real socket: Debian's own IIO programs, several clients, hostile ones, the end. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/rng.h"
#include "driver/twin/server.h"
#include "sim/noise.h"
#include "tests/driver/twin_fixture.h"
#include "tests/support/need.h"

static struct twin_fixture fixture;
static struct oac_twin_server *server;
static pthread_t thread;
static atomic_uint warnings;

static void count_warning(void *context, enum oac_log_level level, const char *line)
{
    (void)context;
    (void)line;
    atomic_fetch_add(&warnings, level == OAC_LOG_WARNING);
}

static void *serve(void *context)
{
    struct oac_err err;
    (void)context;
    twin_require(oac_twin_server_run(server, &err), &err);
    return NULL;
}

static void set_up(void)
{
    const struct oac_sink sink = {.log = count_warning};
    struct oac_err err;
    twin_fixture_make(&fixture, OAC_NOISE_ALL, 3);
    twin_require(oac_twin_server_open(fixture.twin, "127.0.0.1:0", &sink, &server, &err), &err);
    cr_assert_eq(pthread_create(&thread, NULL, serve, NULL), 0);
}

static void tear_down(void)
{
    oac_twin_server_stop(server);
    pthread_join(thread, NULL);
    oac_twin_server_close(server);
    twin_fixture_end(&fixture);
}

TestSuite(twin_server, .init = set_up, .fini = tear_down, .timeout = 60);

static unsigned port(void)
{
    return (unsigned)atoi(strrchr(oac_twin_server_address(server), ':') + 1);
}

static int dial(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port())};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    size_t bytes = strlen(text);
    cr_assert_eq(send(fd, text, bytes, MSG_NOSIGNAL), (ssize_t)bytes);
}

/* What comes within ms, at most bytes - 1 of it, or until text has come; -1: the server has closed. */
static ssize_t hear(int fd, int ms, const char *until, char *heard, size_t bytes)
{
    size_t used = 0;
    struct pollfd from = {.fd = fd, .events = POLLIN};
    heard[0] = '\0';
    while (used + 1 < bytes && !(until && strstr(heard, until)) && poll(&from, 1, ms) > 0) {
        ssize_t got = recv(fd, heard + used, bytes - 1 - used, 0);
        if (got <= 0)
            return -1;
        used += (size_t)got;
        heard[used] = '\0';
    }
    return (ssize_t)used;
}

static void answers(int fd, const char *says, const char *wanted)
{
    char heard[4096];
    say(fd, says);
    hear(fd, 5000, wanted, heard, sizeof heard);
    cr_expect_str_eq(heard, wanted, "%s", says);
}

/* Runs a command line with %u for the port; returns its exit code and output. */
static int run(const char *format, char *out, size_t bytes)
{
    char command[400];
    snprintf(command, sizeof command, format, port());
    FILE *pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    size_t used = fread(out, 1, bytes - 1, pipe);
    out[used] = '\0';
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool there(const char *program)
{
    char command[100];
    snprintf(command, sizeof command, "command -v %s > /dev/null", program);
    return system(command) == 0;
}

Test(twin_server, iio_info_and_iio_attr_of_debian_find_the_board)
{
    char out[65536];
    oac_test_need(there("iio_info") && there("iio_attr"),
                  "iio_info of libiio-utils is missing");
    cr_expect_eq(run("timeout 20 iio_info -u ip:127.0.0.1:%u 2>&1", out, sizeof out), 0);
    cr_expect(strstr(out, "m2k-adc (buffer capable)") && strstr(out, "le:s12/16"));
    cr_expect(strstr(out, "oac,board: m2k") && strstr(out, "value: 100000000"));
    cr_expect_not(strstr(out, "ERROR") || strstr(out, "validity") || strstr(out, "error"), "%s",
                  out);
    cr_expect_eq(run("timeout 9 iio_attr -u ip:127.0.0.1:%u -c m2k-fabric voltage0 gain low",
                     out, sizeof out),
                 0);
    run("timeout 9 iio_attr -u ip:127.0.0.1:%u -i -c m2k-fabric voltage0 gain", out,
        sizeof out);
    cr_expect(strstr(out, "low"), "%s", out);
    cr_expect_eq(run("timeout 9 iio_attr -u ip:127.0.0.1:%u -d m2k-adc oversampling_ratio x "
                     "2>&1",
                     out, sizeof out) == 0 &&
                     !strstr(out, "ERROR") && !strstr(out, "Invalid"),
                 false, "a text is no number: %s", out);
}

Test(twin_server, iio_readdev_and_iio_writedev_of_debian_stream)
{
    char out[65536];
    oac_test_need(there("iio_readdev") && there("iio_writedev"),
                  "iio_readdev of libiio-utils is missing");
    cr_expect_eq(
        run("timeout 20 iio_readdev -u ip:127.0.0.1:%u -b 512 -s 2048 m2k-adc voltage0 | "
            "wc -c",
            out, sizeof out),
        0);
    cr_expect_eq(atoi(out), 4096, "%s", out);
    cr_expect_eq(run("head -c 16384 /dev/zero | timeout 20 iio_writedev -u ip:127.0.0.1:%u "
                     "-b 1024 m2k-dac-a voltage0 2>&1",
                     out, sizeof out),
                 0, "%s", out);
}

Test(twin_server, several_clients_are_served_at_once)
{
    int fd[8];
    for (size_t i = 0; i < 8; i++)
        fd[i] = dial();
    for (size_t i = 0; i < 8; i++)
        say(fd[i], "VERSION\r\nREAD m2k-adc oversampl");
    for (size_t i = 8; i-- > 0;)
        answers(fd[i], "ing_ratio_no\r\n", "0.24.v0.24  \n-2\n");
    for (size_t i = 0; i < 8; i++)
        close(fd[i]);
}

Test(twin_server, one_more_than_there_is_room_for_is_turned_away_and_the_others_stay)
{
    int fd[OAC_TWIN_CONNECTIONS_MAX], extra;
    char heard[16];
    for (size_t i = 0; i < OAC_TWIN_CONNECTIONS_MAX; i++) {
        fd[i] = dial();
        answers(fd[i], "ZPRINT\r\n", "-22\n");
    }
    extra = dial();
    cr_expect_eq(hear(extra, 5000, NULL, heard, sizeof heard), -1);
    cr_expect_geq(atomic_load(&warnings), 1u);
    close(extra);
    answers(fd[0], "ZPRINT\r\n", "-22\n");
    close(fd[1]);
    usleep(300000); /* three looks of the server */
    fd[1] = dial();
    answers(fd[1], "ZPRINT\r\n", "-22\n");
    for (size_t i = 0; i < OAC_TWIN_CONNECTIONS_MAX; i++)
        close(fd[i]);
}

Test(twin_server, noise_on_the_line_hurts_nobody)
{
    for (uint64_t turn = 0; turn < 20; turn++) {
        uint8_t bytes[4096];
        int fd = dial();
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(oac_rng_uniform(1, OAC_RNG_TEST, turn, (uint32_t)i) * 256.0);
        (void)!send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
        close(fd);
    }
    int fd = dial();
    answers(fd, "VERSION\r\n", "0.24.v0.24  \n");
    close(fd);
}

Test(twin_server, half_a_request_is_given_up_after_its_time)
{
    char heard[16];
    struct timespec from, to;
    int fd = dial();
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (size_t i = 0; i < 40; i++) { /* a byte every 300 ms: 12 s */
        if (send(fd, "V", 1, MSG_NOSIGNAL) != 1)
            break;
        if (hear(fd, 300, NULL, heard, sizeof heard) < 0)
            break;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    cr_expect_leq(to.tv_sec - from.tv_sec, (long)OAC_TWIN_REQUEST_S + 1);
    cr_expect_geq(to.tv_sec - from.tv_sec, (long)OAC_TWIN_REQUEST_S - 2);
    close(fd);
}

Test(twin_server, a_lost_connection_ends_its_cyclic_output)
{
    char bytes[64 + 256];
    int fd = dial();
    answers(fd, "OPEN m2k-dac-a 128 00000001 CYCLIC\r\nWRITEBUF m2k-dac-a 256\r\n", "0\n0\n");
    memset(bytes, 0, sizeof bytes);
    cr_assert_eq(send(fd, bytes, 256, MSG_NOSIGNAL), 256);
    cr_assert_gt(hear(fd, 5000, "256\n", bytes, sizeof bytes), 0);
    close(fd);
    usleep(300000);
    fd = dial();
    answers(fd, "OPEN m2k-dac-a 128 00000001 CYCLIC\r\n", "0\n");
    close(fd);
}

Test(twin_server, a_delayed_answer_does_not_hold_up_the_end)
{
    struct oac_err err;
    char heard[16];
    twin_require(oac_twin_fault_parse("delay:1:60000", &fixture.faults, &err), &err);
    int fd = dial();
    say(fd, "READ m2k-adc oversampling_ratio\r\n");
    cr_expect_eq(hear(fd, 500, NULL, heard, sizeof heard), 0);
    oac_twin_server_stop(server); /* tear_down would hang for a minute and meet the timeout */
    cr_expect_eq(hear(fd, 5000, NULL, heard, sizeof heard), -1);
    close(fd);
}

Test(twin_server, an_address_that_makes_no_sense_is_refused_and_an_open_one_warned_of)
{
    static const char *const wrong[] = {"",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        ":80",
                                        "127.0.0.1:99999",
                                        "127.0.0.1:-1",
                                        "not a host:80"};
    const struct oac_sink sink = {.log = count_warning};
    struct oac_twin_server *other = NULL;
    struct oac_err err;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_eq(oac_twin_server_open(fixture.twin, wrong[i], &sink, &other, &err),
                     OAC_EUSAGE, "%s", wrong[i]);
    cr_expect_eq(oac_twin_server_open(fixture.twin, oac_twin_server_address(server), &sink,
                                      &other, &err),
                 OAC_EIO);
    cr_expect_eq(atomic_load(&warnings), 0u);
    twin_require(oac_twin_server_open(fixture.twin, "0.0.0.0:0", &sink, &other, &err), &err);
    cr_expect_eq(atomic_load(&warnings), 1u);
    oac_twin_server_close(other);
}

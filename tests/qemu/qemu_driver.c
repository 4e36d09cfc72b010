/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a real iiod and a real kernel do to a driver, where the virtual bench only plays their part. */
#ifdef OAC_HAVE_LIBIIO
#include <arpa/inet.h>
#include <math.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/codec.h"
#include "driver/iio/buffer.h"
#include "tests/qemu/loop_fixture.h"

#define DEADLINE_S 2.0  /* where no answer is to come */
#define PATIENCE_S 30.0 /* where one is, from a busy machine */
/* On top of a deadline: what closing a buffer and its context may take on a busy machine. */
#define GRACE_S 8.0

static const char *const CHANNEL[] = {"voltage0", "voltage1", "voltage2", "voltage3"};

static struct loop loop;

static void open_loop(void)
{
    loop_find(&loop);
    loop_reset(&loop);
}

/* The first line that iiod answers to one line on a connection of its own. */
static void ask(const char *line, char answer[80])
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    size_t got = 0;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)atoi(strrchr(loop.uri, ':') + 1));
    cr_assert_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    cr_assert_eq(send(fd, line, strlen(line), 0), (ssize_t)strlen(line));
    while (got < 79 && recv(fd, answer + got, 1, 0) == 1 && answer[got] != '\n')
        got++;
    answer[got] = '\0';
    close(fd);
}

static enum oac_status open_adc(struct oac_iio_session *session, size_t samples,
                                double deadline_s, struct oac_iio_buffer **buffer,
                                struct oac_err *err)
{
    enum oac_iio_mode mode;
    const struct oac_iio_buffer_spec spec = {.device = "loop-adc",
                                             .channels = 4,
                                             .channel = CHANNEL,
                                             .samples = samples,
                                             .kernel_buffers = 4,
                                             .deadline_s = deadline_s};
    return oac_iio_buffer_open(session, &spec, buffer, &mode, err);
}

static void expect_scans(struct oac_iio_session *session)
{
    struct oac_iio_buffer *buffer = NULL;
    struct oac_iio_view view;
    struct oac_err err;
    cr_assert_eq(open_adc(session, 132, PATIENCE_S, &buffer, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_iio_buffer_refill(buffer, &view, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(view.samples, 132);
    cr_expect_eq(view.step, 8, "no timestamp beside the four samples");
    oac_iio_buffer_close(buffer);
}

Test(qemu_driver, a_device_without_a_trigger_is_refused_and_set_up_with_the_profile_s,
     .init = open_loop, .timeout = 60)
{
    struct oac_iio_session *session = loop_session(&loop);
    struct oac_iio_buffer *buffer = NULL;
    struct oac_err err;
    char answer[80];
    ask("SETTRIG loop-adc\r\n", answer);
    cr_expect_str_eq(answer, "0");
    ask("GETTRIG loop-adc\r\n", answer);
    cr_expect_str_eq(answer, "-5", "none, says iiod");
    cr_expect_eq(open_adc(session, 132, DEADLINE_S, &buffer, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "opening loop-adc") && strstr(err.message, "(-22)"), "%s",
              err.message);
    cr_assert_eq(oac_iio_setup(session, &loop.board, &err), OAC_OK, "%s", err.message);
    ask("GETTRIG loop-adc\r\n", answer);
    cr_expect_str_eq(answer, "5", "the length of its name");
    expect_scans(session);
    cr_expect_eq(oac_iio_attach(session, "loop-adc", "loop-dac", &err), OAC_EMISMATCH);
    cr_expect_eq(oac_iio_attach(session, "loop-adc", "tnone", &err), OAC_ENOTFOUND);
    oac_iio_close(session);
}

Test(qemu_driver, the_kernel_s_light_is_what_two_modulators_let_through, .init = open_loop)
{
    static const int sample[] = {-32768, -32767, -20000, -16384, -300, -1, 0, 1, 12345, 32767};
    enum { SAMPLES = sizeof sample / sizeof sample[0] };
    struct oac_iio_session *session = loop_session(&loop);
    struct oac_err err;
    for (size_t i = 0; i < SAMPLES; i++) {
        const int client = sample[(i * 3 + 1) % SAMPLES];
        const double wanted =
            32768 * pow(sin(M_PI * sample[i] / 65536), 2) * pow(sin(M_PI * client / 65536), 2);
        char value[40];
        snprintf(value, sizeof value, "%d", sample[i]);
        loop_write(session, "loop-dac", "voltage1", true, "raw", value, NULL);
        snprintf(value, sizeof value, "%d", client);
        loop_write(session, "loop-dac", "voltage3", true, "raw", value, NULL);
        cr_assert_eq(oac_iio_read(session, "loop-light", "voltage1", false, "raw", value,
                                  sizeof value, &err),
                     OAC_OK, "%s", err.message);
        cr_expect_float_eq(strtod(value, NULL), fmin(wanted, 32767), 1.01, "%d, %d: %s, not %g",
                           sample[i], client, value, wanted);
    }
    cr_assert_eq(oac_iio_safe(session, &loop.board, &err), OAC_OK, "%s", err.message);
    oac_iio_close(session);
}

Test(qemu_driver, iiod_takes_a_count_of_buffers_that_the_kernel_has_not, .init = open_loop)
{
    char answer[80];
    ask("SET loop-adc BUFFERS_COUNT 4\r\n", answer);
    cr_expect_str_eq(answer, "0");
}

/* Codes 1, 2, ... `period` on voltage2; its buffer repeats them. */
static void repeat_steps(struct oac_iio_buffer *buffer, uint16_t period)
{
    const struct oac_codec *codec = &oac_board_port_find(&loop.board, "dac-2")->codec;
    struct oac_iio_view view;
    struct oac_err err;
    cr_assert_eq(oac_iio_buffer_view(buffer, &view, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(view.samples, period);
    for (uint16_t i = 0; i < period; i++) {
        const uint16_t code = (uint16_t)(LOOP_ZERO + 1 + i);
        (void)oac_codec_encode(codec, 1, &code,
                               (char *)view.data + view.offset[0] + i * view.step, view.step);
    }
    cr_assert_eq(oac_iio_buffer_push(buffer, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_iio_buffer_wait(buffer, &err), OAC_OK, "%s", err.message);
}

Test(qemu_driver, a_kernel_without_cyclic_buffers_is_repeated_by_software_without_a_gap,
     .init = open_loop, .timeout = 60)
{
    enum { PERIOD = 200, HEARD = 1028 };
    static int32_t code[HEARD];
    struct oac_iio_session *session = loop_session(&loop);
    struct oac_iio_buffer *dac = NULL, *adc = NULL;
    struct oac_iio_view view;
    struct oac_err err;
    enum oac_iio_mode mode;
    const struct oac_iio_buffer_spec spec = {.device = "loop-dac",
                                             .channels = 1,
                                             .channel = &CHANNEL[2],
                                             .output = true,
                                             .cyclic = true,
                                             .samples = PERIOD,
                                             .deadline_s = PATIENCE_S};
    char answer[80];
    cr_assert_eq(oac_iio_setup(session, &loop.board, &err), OAC_OK, "%s", err.message);
    ask("OPEN loop-dac 200 00000004 CYCLIC\r\n", answer);
    cr_expect_str_eq(answer, "-1", "EPERM, as every mainline kernel");
    cr_assert_eq(oac_iio_buffer_open(session, &spec, &dac, &mode, &err), OAC_OK, "%s",
                 err.message);
    cr_expect_eq(mode, OAC_IIO_REPEATED);
    repeat_steps(dac, PERIOD);
    cr_expect_eq(oac_iio_buffer_mode(dac), OAC_IIO_REPEATED);
    cr_assert_eq(open_adc(session, HEARD, PATIENCE_S, &adc, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_iio_buffer_refill(adc, &view, &err), OAC_OK, "%s", err.message);
    (void)oac_codec_decode(&oac_board_port_find(&loop.board, "adc-2")->codec, view.samples,
                           (const char *)view.data + view.offset[2], view.step, code);
    size_t first = 0, jumps = 0;
    while (first < HEARD && code[first] == LOOP_ZERO) /* before its first sample */
        first++;
    for (size_t i = first + 1; i < HEARD; i++) {
        const int32_t last = code[i - 1] - LOOP_ZERO;
        jumps += code[i] - LOOP_ZERO != (last == PERIOD ? 1 : last + 1);
    }
    cr_expect_eq(jumps, 0);
    cr_expect_lt(first, (size_t)PERIOD, "three turns at least are heard");
    oac_iio_buffer_close(adc);
    oac_iio_buffer_close(dac);
    cr_assert_eq(oac_iio_safe(session, &loop.board, &err), OAC_OK, "%s", err.message);
    oac_iio_close(session);
}

Test(qemu_driver, a_trigger_that_stands_still_is_reported_in_time_and_no_end, .init = open_loop,
     .timeout = 60)
{
    struct oac_iio_session *session = loop_session(&loop);
    struct oac_iio_buffer *buffer = NULL;
    struct oac_iio_view view;
    struct oac_err err;
    cr_assert_eq(oac_iio_setup(session, &loop.board, &err), OAC_OK, "%s", err.message);
    loop_write(session, "tloop", "", true, "sampling_frequency", "0.01", NULL);
    const double start_s = loop_now_s();
    cr_assert_eq(open_adc(session, 132, DEADLINE_S, &buffer, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_iio_buffer_refill(buffer, &view, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "reading samples of loop-adc"), "%s", err.message);
    cr_expect_eq(oac_iio_buffer_answer(buffer), OAC_IIO_REOPEN_BUFFER);
    oac_iio_buffer_close(buffer);
    cr_expect_lt(loop_now_s() - start_s, DEADLINE_S + GRACE_S);
    loop_write(session, "tloop", "", true, "sampling_frequency", "2000", NULL);
    expect_scans(session);
    oac_iio_close(session);
}

Test(qemu_driver, a_machine_that_freezes_is_given_up_in_time_and_taken_up_again,
     .init = open_loop, .timeout = 120)
{
    const pid_t pid = (pid_t)atoi(getenv("OAC_QEMU_PID"));
    struct oac_iio_session *session = loop_session(&loop);
    struct oac_iio_buffer *buffer = NULL;
    struct oac_iio_view view;
    struct oac_err err;
    char value[40];
    cr_assert_eq(oac_iio_setup(session, &loop.board, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(open_adc(session, 132, DEADLINE_S, &buffer, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(kill(pid, SIGSTOP), 0);
    double start_s = loop_now_s();
    cr_expect_eq(oac_iio_buffer_refill(buffer, &view, &err), OAC_EDEVICE);
    const double refill_s = loop_now_s() - start_s;
    oac_iio_buffer_close(buffer);
    start_s = loop_now_s();
    struct oac_err silent;
    const enum oac_status read = oac_iio_read(session, "tloop", "", true, "sampling_frequency",
                                              value, sizeof value, &silent);
    const double read_s = loop_now_s() - start_s;
    kill(pid, SIGCONT); /* before anything can fail */
    cr_expect(strstr(err.message, "within 2 s, cancelled"), "%s", err.message);
    cr_expect_lt(refill_s, DEADLINE_S + GRACE_S);
    cr_expect_eq(read, OAC_EDEVICE);
    cr_expect(strstr(silent.message, loop.uri), "%s", silent.message);
    /* three attempts of 5 s, each after opening the context again */
    cr_expect_lt(read_s, 3 * (5.0 + GRACE_S));
    oac_iio_close(session);
    /* what waited while it stood still is worked off first */
    session = NULL;
    for (start_s = loop_now_s(); !session && loop_now_s() < start_s + 2 * GRACE_S;)
        if (oac_iio_open(loop.uri, 5000, &session, &err))
            usleep(100000);
    cr_assert_not_null(session, "%s", err.message);
    expect_scans(session);
    oac_iio_close(session);
}

Test(qemu_driver, a_second_client_that_asks_for_less_does_not_narrow_what_the_first_one_gets,
     .init = open_loop, .timeout = 60)
{
    struct oac_iio_session *first = loop_session(&loop), *second = loop_session(&loop);
    struct oac_iio_buffer *wide = NULL, *narrow = NULL;
    struct oac_iio_view view;
    struct oac_err err;
    enum oac_iio_mode mode;
    const struct oac_iio_buffer_spec spec = {.device = "loop-adc",
                                             .channels = 1,
                                             .channel = &CHANNEL[3],
                                             .samples = 132,
                                             .deadline_s = PATIENCE_S};
    cr_assert_eq(oac_iio_setup(first, &loop.board, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(open_adc(first, 132, PATIENCE_S, &wide, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_iio_buffer_refill(wide, &view, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_iio_buffer_open(second, &spec, &narrow, &mode, &err), OAC_OK, "%s",
                 err.message);
    for (unsigned i = 0; i < 3; i++) {
        cr_assert_eq(oac_iio_buffer_refill(wide, &view, &err), OAC_OK, "%s", err.message);
        cr_expect_eq(view.step, 8);
    }
    oac_iio_buffer_close(narrow);
    oac_iio_buffer_close(wide);
    oac_iio_close(second);
    oac_iio_close(first);
}
#else
typedef int oac_no_libiio;
#endif

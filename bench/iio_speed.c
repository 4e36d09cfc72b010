/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the libiio driver costs, output and input at once, against the virtual bench in another process.
 *
 *   rate   samples a second: of the driver against the virtual bench, of bare sockets over loopback that
 *          carry the same bytes in the same pieces, and their ratio
 *   tax    (processor time of the driver - that of a bare libiio loop) / that of the loop, of this process
 *          alone. Both stream the same 2^26 samples as native integers through buffers of the same length,
 *          one thread pushes and one refills. The driver has its threads, its deadlines and its check
 *          of every layout on top.
 *   codes  the same when every sample is made from a code and every one becomes a code too (driver/codec.h), in
 *          nanoseconds a sample; nothing becomes a float. Medians of alternating repeats.
 *
 * Given a number, 2^number samples. One wavelength on an ADALM2000: a slot is 9 samples out and 12 in,
 * 2 bytes each. */
#include <iio.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/iio_served.h"
#include "bench/workload.h"
#include "driver/iio/buffer.h"

#define SLOTS     4096u /* of a buffer */
#define OUT       (9u * SLOTS)
#define IN        (12u * SLOTS)
#define PAIRS     5
#define TAX_MOST  0.10
#define TIMEOUT_S 30.0

static unsigned buffers; /* in each direction */

static void must(enum oac_status status, const struct oac_err *err)
{
    if (!status)
        return;
    fprintf(stderr, "iio_speed: %s\n", err->message);
    exit(1);
}

static void fail(const char *what)
{
    fprintf(stderr, "iio_speed: %s\n", what);
    exit(1);
}

static double processor_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct cost {
    double processor_s, wall_s;
};

static struct cost cost_now(void)
{
    return (struct cost){processor_s(), wall_s()};
}

static struct cost cost_since(const struct cost *from)
{
    return (struct cost){processor_s() - from->processor_s, wall_s() - from->wall_s};
}

static void *push_bare(void *buffer)
{
    for (unsigned i = 0; i < buffers; i++)
        if (iio_buffer_push(buffer) < 0)
            fail("a push failed");
    return NULL;
}

static struct iio_buffer *bare_buffer(struct iio_context *context, const char *name,
                                      bool output, size_t samples)
{
    struct iio_device *device = iio_context_find_device(context, name);
    iio_channel_enable(iio_device_find_channel(device, "voltage0", output));
    struct iio_buffer *buffer = iio_device_create_buffer(device, samples, false);
    if (!buffer)
        fail("a buffer could not be opened");
    return buffer;
}

static struct cost run_bare(const char *uri)
{
    char copy[120];
    pthread_t thread;
    snprintf(copy, sizeof copy, "%s", uri);
    struct iio_context *context = iio_create_context_from_uri(copy);
    if (!context)
        fail("no context");
    (void)!iio_context_set_timeout(context, (unsigned)(1e3 * TIMEOUT_S));
    struct iio_buffer *out = bare_buffer(context, "m2k-dac-a", true, OUT);
    struct iio_buffer *in = bare_buffer(context, "m2k-adc", false, IN);
    memset(iio_buffer_start(out), 0, 2 * OUT);
    const struct cost from = cost_now();
    if (pthread_create(&thread, NULL, push_bare, out))
        fail("no thread");
    for (unsigned i = 0; i < buffers; i++)
        if (iio_buffer_refill(in) != 2 * IN)
            fail("a refill failed");
    pthread_join(thread, NULL);
    const struct cost cost = cost_since(&from);
    iio_buffer_destroy(out);
    iio_buffer_destroy(in);
    iio_context_destroy(context);
    return cost;
}

static struct oac_iio_buffer *open_buffer(struct oac_iio_session *session, bool output)
{
    static const char *const channel[] = {"voltage0"};
    const struct oac_iio_buffer_spec spec = {.device = output ? "m2k-dac-a" : "m2k-adc",
                                             .channels = 1,
                                             .channel = channel,
                                             .output = output,
                                             .samples = output ? OUT : IN,
                                             .deadline_s = TIMEOUT_S};
    struct oac_iio_buffer *buffer = NULL;
    enum oac_iio_mode mode;
    struct oac_err err;
    must(oac_iio_buffer_open(session, &spec, &buffer, &mode, &err), &err);
    return buffer;
}

struct half {
    unsigned left;                 /* buffers */
    const struct oac_codec *codec; /* NULL: native samples stay what they are */
};

static bool fill(void *context, const struct oac_iio_view *view)
{
    static uint16_t code[OUT]; /* zeros */
    struct half *out = context;
    if (out->left == 0)
        return false;
    out->left--;
    if (out->codec)
        (void)oac_codec_encode(out->codec, OUT, code, view->data, view->step);
    return true;
}

static bool take(void *context, const struct oac_iio_view *view)
{
    static int32_t heard[IN];
    struct half *in = context;
    if (view->samples != IN)
        fail("a refill was short");
    if (in->codec)
        (void)oac_codec_decode(in->codec, IN, view->data, view->step, heard);
    return --in->left > 0;
}

/* codes: every sample goes through the board's format. */
static struct cost run_driver(const struct iio_served *served, bool codes)
{
    struct half play = {buffers, NULL}, hear = {buffers, NULL};
    struct oac_iio_session *session = NULL;
    struct oac_err err;
    if (codes) {
        play.codec = &oac_board_port_find(&served->board, "dac-a")->codec;
        hear.codec = &oac_board_port_find(&served->board, "adc-1")->codec;
    }
    must(oac_iio_open(served->uri, (unsigned)(1e3 * TIMEOUT_S), &session, &err), &err);
    struct oac_iio_buffer *out = open_buffer(session, true), *in = open_buffer(session, false);
    const struct cost from = cost_now();
    must(oac_iio_buffer_run(out, fill, &play, &err), &err);
    must(oac_iio_buffer_run(in, take, &hear, &err), &err);
    must(oac_iio_buffer_wait(in, &err), &err);
    must(oac_iio_buffer_wait(out, &err), &err);
    const struct cost cost = cost_since(&from);
    oac_iio_buffer_close(out);
    oac_iio_buffer_close(in);
    oac_iio_close(session);
    return cost;
}

static void report(double samples, double tax, double codes_s, double rate, double ratio)
{
    printf("%.0f samples, 9 out for 12 in, 2 bytes each, medians of %d alternating repeats\n",
           samples, PAIRS);
    printf("  tax = (driver - bare libiio loop)/bare libiio loop = %.1f %% of processor time, "
           "target < %.0f %% %s\n",
           100.0 * tax, 100.0 * TAX_MOST, tax < TAX_MOST ? "met" : "MISSED");
    printf("  codes to samples and back: %.2f ns a sample more\n", 1e9 * codes_s / samples);
    printf("  rate = driver against the virtual bench %.1f MS/s = %.4f of bare sockets (the "
           "bench computes every scan)\n",
           1e-6 * rate, ratio);
}

int main(int argc, char **argv)
{
    static struct iio_served served;
    const int power = argc > 1 ? atoi(argv[1]) : 26;
    double tax[PAIRS], codes_s[PAIRS], rate[PAIRS], ratio[PAIRS];
    struct oac_err err;
    buffers =
        (unsigned)(((size_t)1 << (power >= 20 && power <= 30 ? power : 26)) / (OUT + IN)) + 1;
    const double samples = (double)buffers * (OUT + IN);
    must(iio_served_start(&served, &err), &err);
    for (int i = 0; i < PAIRS; i++) {
        struct cost bare, driver;
        if (i % 2 == 0)
            bare = run_bare(served.uri);
        driver = run_driver(&served, false);
        if (i % 2 == 1)
            bare = run_bare(served.uri);
        const struct cost coded = run_driver(&served, true);
        const double sockets_s = iio_served_loopback_s(buffers, 2 * OUT, 2 * IN);
        if (sockets_s < 0.0)
            fail("no loopback connection");
        tax[i] = driver.processor_s / bare.processor_s - 1.0;
        codes_s[i] = coded.processor_s - driver.processor_s;
        rate[i] = samples / driver.wall_s;
        ratio[i] = sockets_s / driver.wall_s;
        printf("  processor time: bare %.3f s, driver %.3f s, with codes %.3f s; wall: %.1f s, "
               "%.1f s, %.1f s; sockets %.2f s\n",
               bare.processor_s, driver.processor_s, coded.processor_s, bare.wall_s,
               driver.wall_s, coded.wall_s, sockets_s);
        fflush(stdout);
    }
    iio_served_stop(&served);
    report(samples, workload_median(PAIRS, tax), workload_median(PAIRS, codes_s),
           workload_median(PAIRS, rate), workload_median(PAIRS, ratio));
    return 0;
}

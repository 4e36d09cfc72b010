/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/iio/port_io.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "driver/iio/buffer.h"
#include "driver/iio/probe.h"

#define PIECE_S 0.5 /* of one buffer */

static size_t buffer_samples(const struct oac_board *board, size_t wanted, bool cyclic)
{
    size_t least = cyclic ? board->cyclic_samples_min : board->buffer_samples_min;
    size_t samples = wanted > least ? wanted : least;
    return (samples + board->align_samples - 1) / board->align_samples * board->align_samples;
}

/* As many of the wanted samples as pass within PIECE_S: servers wait for a buffer, or for room for
 * one, half of the time that a client gives them. */
static size_t piece_samples(struct oac_iio_session *session, const struct oac_board *board,
                            const struct oac_board_port *port, size_t wanted, bool cyclic)
{
    const double rate_hz = oac_iio_rate_hz(session, port);
    if (rate_hz > 0.0 && (double)wanted > PIECE_S * rate_hz)
        wanted = (size_t)(PIECE_S * rate_hz);
    return buffer_samples(board, wanted, cyclic);
}

/* The profile's settings of inputs, and of the port's own device. */
static enum oac_status set_up_input(struct oac_iio_session *session,
                                    const struct oac_board *board,
                                    const struct oac_board_port *port, struct oac_err *err)
{
    struct oac_board *part = oac_alloc(1, sizeof *part, "board profile", err);
    if (!part)
        return err->status;
    *part = *board;
    part->setups = 0;
    for (size_t i = 0; i < board->ports; i++)
        if (strcmp(part->port[i].device, port->device) != 0)
            part->port[i].trigger[0] = '\0';
    for (size_t i = 0; i < board->setups; i++) {
        const struct oac_board_write *write = &board->setup[i];
        if ((write->channel[0] && !write->output) || strcmp(write->device, port->device) == 0)
            part->setup[part->setups++] = *write;
    }
    enum oac_status status = oac_iio_setup(session, part, err);
    free(part);
    return status;
}

static void reduce(const struct oac_board_port *port, size_t samples, const int32_t *code,
                   struct oac_port_reading *reading)
{
    double sum = 0.0, squares = 0.0, low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < samples; i++) {
        double v = oac_board_port_volts(port, code[i]);
        sum += v;
        low = fmin(low, v);
        high = fmax(high, v);
    }
    double mean_v = sum / (double)samples;
    for (size_t i = 0; i < samples; i++) {
        double off_v = oac_board_port_volts(port, code[i]) - mean_v;
        squares += off_v * off_v;
    }
    reading->samples = samples;
    reading->mean_v = mean_v;
    reading->sigma_v = sqrt(squares / (double)samples);
    reading->low_v = low;
    reading->high_v = high;
}

/* `wanted` samples, after `stale` buffers. */
static enum oac_status gather(struct oac_iio_buffer *buffer, const struct oac_board_port *port,
                              uint32_t stale, size_t wanted, int32_t *code,
                              struct oac_port_reading *reading, struct oac_err *err)
{
    struct oac_iio_view view;
    reading->clipped = 0;
    for (uint32_t i = 0; i < stale; i++)
        if (oac_iio_buffer_refill(buffer, &view, err))
            return err->status;
    for (size_t done = 0; done < wanted;) {
        if (oac_iio_buffer_refill(buffer, &view, err))
            return err->status;
        const size_t count = view.samples < wanted - done ? view.samples : wanted - done;
        reading->clipped +=
            oac_codec_decode(&port->codec, count, (const char *)view.data + view.offset[0],
                             view.step, code + done);
        done += count;
    }
    return OAC_OK;
}

enum oac_status oac_port_read(struct oac_iio_session *session, const struct oac_board *board,
                              const struct oac_board_port *port, size_t samples,
                              double deadline_s, struct oac_port_reading *reading,
                              struct oac_err *err)
{
    if (port->output)
        return oac_fail(err, OAC_EINVAL, "port %s is an output; set it with oac port set",
                        port->name);
    if (oac_probe_range(session, port, err) || set_up_input(session, board, port, err))
        return err->status;
    const char *channels[] = {port->channel};
    const struct oac_iio_buffer_spec spec = {
        .device = port->device,
        .channels = 1,
        .channel = channels,
        .samples = piece_samples(session, board, port, samples, false),
        .kernel_buffers = board->kernel_buffers,
        .deadline_s = deadline_s};
    const size_t wanted = buffer_samples(board, samples, false);
    int32_t *code = oac_alloc(wanted, sizeof *code, "samples", err);
    if (!code)
        return err->status;
    struct oac_iio_buffer *buffer = NULL;
    enum oac_iio_mode mode;
    enum oac_status status = oac_iio_buffer_open(session, &spec, &buffer, &mode, err);
    if (!status)
        status = gather(buffer, port, board->kernel_buffers, wanted, code, reading, err);
    if (!status)
        reduce(port, wanted, code, reading);
    oac_iio_buffer_close(buffer);
    free(code);
    return status;
}

enum oac_status oac_port_check(const struct oac_board_port *port, double volts, uint16_t *code,
                               struct oac_err *err)
{
    if (!port->output)
        return oac_fail(err, OAC_EINVAL, "port %s is an input; read it with oac port read",
                        port->name);
    if (port->ac_coupled)
        return oac_fail(
            err, OAC_EINVAL,
            "port %s is AC-coupled: a constant voltage does not reach its connector",
            port->name);
    return oac_board_port_code(port, volts, code, err);
}

static enum oac_status push_constant(struct oac_iio_buffer *buffer,
                                     const struct oac_board_port *port, const uint16_t *code,
                                     struct oac_err *err)
{
    struct oac_iio_view view;
    if (oac_iio_buffer_view(buffer, &view, err))
        return err->status;
    for (size_t i = 0; i < view.samples; i++)
        (void)oac_codec_encode(&port->codec, 1, code,
                               (char *)view.data + view.offset[0] + i * view.step, view.step);
    if (oac_iio_buffer_push(buffer, err))
        return err->status;
    return oac_iio_buffer_wait(buffer, err);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static bool stopped(const struct oac_sink *sink)
{
    return sink && oac_stop_requested(sink);
}

/* A buffer opened as cyclic is repeated, by the kernel or else by its thread; any other is pushed
 * again and again. */
static enum oac_status hold(struct oac_iio_buffer *buffer, const struct oac_board_port *port,
                            uint16_t code, double hold_s, const struct oac_sink *sink,
                            struct oac_err *err)
{
    const struct timespec pause = {0, 20000000};
    double end_s = now_s() + hold_s;
    if (push_constant(buffer, port, &code, err))
        return err->status;
    if (oac_iio_buffer_mode(buffer) != OAC_IIO_CYCLIC)
        oac_log(sink, OAC_LOG_INFO,
                "%s: no cyclic buffers there, so this program repeats it: leave it running",
                port->name);
    while (now_s() < end_s && !stopped(sink)) {
        if (oac_iio_buffer_mode(buffer) != OAC_IIO_STREAMING)
            nanosleep(&pause, NULL);
        else if (push_constant(buffer, port, &code, err))
            return err->status;
    }
    return OAC_OK;
}

enum oac_status oac_port_hold(struct oac_iio_session *session, const struct oac_board *board,
                              const struct oac_board_port *port, double volts, double hold_s,
                              double deadline_s, const struct oac_sink *sink,
                              struct oac_err *err)
{
    uint16_t code = 0;
    if (oac_port_check(port, volts, &code, err) || oac_probe_range(session, port, err))
        return err->status;
    const char *channels[] = {port->channel};
    struct oac_iio_buffer_spec spec = {.device = port->device,
                                       .channels = 1,
                                       .channel = channels,
                                       .output = true,
                                       .cyclic = board->cyclic,
                                       .kernel_buffers = board->kernel_buffers,
                                       .deadline_s = deadline_s};
    struct oac_iio_buffer *buffer = NULL;
    enum oac_iio_mode mode;
    enum oac_status status = oac_iio_setup(session, board, err);
    spec.samples = piece_samples(session, board, port, 1024, true);
    if (!status)
        status = oac_iio_buffer_open(session, &spec, &buffer, &mode, err);
    if (!status)
        status = hold(buffer, port, code, hold_s, sink, err);
    oac_iio_buffer_close(buffer);
    struct oac_err safe;
    if (oac_iio_safe(session, board, &safe) && !status) {
        *err = safe;
        status = oac_fail_within(err, "the board could not be made safe");
    }
    return status;
}

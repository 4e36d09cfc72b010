/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/iio/port_io.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/iio/buffer.h"
#include "driver/iio/port_feed.h"
#include "driver/iio/probe.h"

#define PIECE_S 0.5 /* of one buffer */

struct oac_port_ear {
    struct oac_board_port port; /* at the rate in use */
    double rate_hz;
    size_t samples, piece, stale; /* of a reading; of a buffer; buffers */
    struct oac_iio_buffer *buffer;
    int32_t *code;
};

static size_t buffer_samples(const struct oac_board *board, size_t wanted)
{
    const size_t least = board->buffer_samples_min;
    size_t samples = wanted > least ? wanted : least;
    return (samples + board->align_samples - 1) / board->align_samples * board->align_samples;
}

/* As many of the wanted samples as pass within PIECE_S: servers wait for a buffer half of the time that a
 * client gives them. */
static size_t piece_samples(const struct oac_board *board, double rate_hz, size_t wanted)
{
    if (rate_hz > 0.0 && (double)wanted > PIECE_S * rate_hz)
        wanted = (size_t)(PIECE_S * rate_hz);
    return buffer_samples(board, wanted);
}

enum oac_status oac_port_set_up(struct oac_iio_session *session, const struct oac_board *board,
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
    const double a = oac_board_port_volts(port, 0.0);
    const double b = oac_board_port_volts(port, ldexp(1.0, port->codec.bits) - 1.0);
    reading->range_low_v = fmin(a, b);
    reading->range_high_v = fmax(a, b);
    reading->samples = samples;
    reading->mean_v = mean_v;
    reading->sigma_v = sqrt(squares / (double)samples);
    reading->low_v = low;
    reading->high_v = high;
}

enum oac_status oac_port_ear_open(struct oac_iio_session *session,
                                  const struct oac_board *board,
                                  const struct oac_board_port *port, size_t samples,
                                  bool is_set_up, double deadline_s, struct oac_port_ear **ear,
                                  struct oac_err *err)
{
    const char *channels[] = {port->channel};
    struct oac_iio_buffer_spec spec = {.device = port->device,
                                       .channels = 1,
                                       .channel = channels,
                                       .kernel_buffers = board->kernel_buffers,
                                       .deadline_s = deadline_s};
    enum oac_iio_mode mode;
    if (port->output)
        return oac_fail(err, OAC_EINVAL, "port %s is an output; set it with oac port set",
                        port->name);
    if (oac_probe_range(session, port, err) ||
        (!is_set_up && oac_port_set_up(session, board, port, err)))
        return err->status;
    struct oac_port_ear *self = oac_alloc(1, sizeof *self, "an input", err);
    if (!self)
        return OAC_ENOMEM;
    self->samples = buffer_samples(board, samples);
    self->stale = board->kernel_buffers;
    self->code = oac_alloc(self->samples, sizeof *self->code, "samples", err);
    enum oac_status status = self->code ? OAC_OK : OAC_ENOMEM;
    if (!status)
        status = oac_port_at_rate(session, port, false, &self->port, &self->rate_hz, err);
    spec.samples = self->piece = piece_samples(board, self->rate_hz, self->samples);
    if (!status)
        status = oac_iio_buffer_open(session, &spec, &self->buffer, &mode, err);
    if (status) {
        oac_port_ear_close(self);
        return status;
    }
    *ear = self;
    return OAC_OK;
}

enum oac_status oac_port_ear_skip(struct oac_port_ear *self, double seconds,
                                  struct oac_err *err)
{
    struct oac_iio_view view;
    const double captures = ceil(seconds * self->rate_hz / (double)self->piece);
    const double count = seconds > 0.0 ? captures + (double)self->stale : 1.0;
    for (double i = 0.0; i < count; i++)
        if (oac_iio_buffer_refill(self->buffer, &view, err))
            return err->status;
    return OAC_OK;
}

enum oac_status oac_port_ear_read(struct oac_port_ear *self, struct oac_port_reading *reading,
                                  struct oac_err *err)
{
    struct oac_iio_view view;
    reading->clipped = 0;
    for (size_t done = 0; done < self->samples;) {
        if (oac_iio_buffer_refill(self->buffer, &view, err))
            return err->status;
        const size_t left = self->samples - done;
        const size_t count = view.samples < left ? view.samples : left;
        reading->clipped +=
            oac_codec_decode(&self->port.codec, count, (const char *)view.data + view.offset[0],
                             view.step, self->code + done);
        done += count;
    }
    reduce(&self->port, self->samples, self->code, reading);
    return OAC_OK;
}

void oac_port_ear_close(struct oac_port_ear *self)
{
    if (!self)
        return;
    oac_iio_buffer_close(self->buffer);
    free(self->code);
    free(self);
}

enum oac_status oac_port_read(struct oac_iio_session *session, const struct oac_board *board,
                              const struct oac_board_port *port, size_t samples,
                              double deadline_s, struct oac_port_reading *reading,
                              struct oac_err *err)
{
    struct oac_port_ear *ear = NULL;
    if (oac_port_ear_open(session, board, port, samples, false, deadline_s, &ear, err) || !ear)
        return err->status;
    enum oac_status status = OAC_OK;
    for (size_t i = 0; i < ear->stale && !status; i++)
        status = oac_port_ear_skip(ear, 0.0, err);
    if (!status)
        status = oac_port_ear_read(ear, reading, err);
    oac_port_ear_close(ear);
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

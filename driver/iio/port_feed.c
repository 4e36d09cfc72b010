/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/iio/port_feed.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "driver/iio/buffer.h"

#define RATE_UNKNOWN_HZ 1e5 /* for the length of buffers alone: of boards that state no rate */

struct oac_port_feed {
    struct oac_iio_session *session;
    struct oac_board_port port; /* at the rate in use */
    double rate_hz, step_v;     /* per sample */
    unsigned queue;             /* buffers between a push and its output */
    double queue_s; /* that they last; INFINITY: that does not matter, or is not known */
    bool counts;    /* the device its gaps itself */
    struct oac_iio_buffer *buffer;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    double target_v;
    uint64_t reached; /* buffers taken since the target was reached */
    double taken_s;   /* when the last buffer was; 0: none yet */
    uint64_t gaps;
    bool ends;
    struct oac_err failed;
    double now_v; /* the thread's alone, and its code */
    uint16_t code;
};

double oac_port_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double wanted_rate(const struct oac_board_port *port)
{
    double best_hz = 0.0, least_hz = INFINITY;
    for (size_t i = 0; i < port->rates; i++) {
        least_hz = fmin(least_hz, port->rate_hz[i]);
        if (port->rate_hz[i] <= OAC_PORT_RATE_MOST_HZ)
            best_hz = fmax(best_hz, port->rate_hz[i]);
    }
    return best_hz > 0.0 ? best_hz : isfinite(least_hz) ? least_hz : 0.0;
}

enum oac_status oac_port_at_rate(struct oac_iio_session *session,
                                 const struct oac_board_port *port, bool want,
                                 struct oac_board_port *now, double *rate_hz,
                                 struct oac_err *err)
{
    char text[64] = "", wanted[40];
    const double wanted_hz = want ? wanted_rate(port) : 0.0;
    *now = *port;
    *rate_hz = 0.0;
    if (port->rate_attribute[0] == '\0')
        return OAC_OK;
    snprintf(wanted, sizeof wanted, "%.0f", wanted_hz);
    const enum oac_status status =
        wanted_hz > 0.0
            ? oac_iio_write(session, port->rate_device, port->rate_channel, port->output,
                            port->rate_attribute, wanted, text, sizeof text, err)
            : oac_iio_read(session, port->rate_device, port->rate_channel, port->output,
                           port->rate_attribute, text, sizeof text, err);
    if (status)
        return status;
    *rate_hz = strtod(text, NULL);
    const double gain = oac_board_rate_gain(port, *rate_hz);
    now->v0_v *= gain;
    now->lsb_v *= gain;
    return OAC_OK;
}

/* One buffer of the way to the target; true when it was there all along. */
static bool fill(struct oac_port_feed *self, const struct oac_iio_view *view, double target_v)
{
    struct oac_err never; /* between safe_v and a target, both inside the limits */
    bool there = true;
    for (size_t i = 0; i < view->samples; i++) {
        const double left_v = target_v - self->now_v;
        there = there && left_v == 0.0;
        self->now_v = fabs(left_v) <= self->step_v
                          ? target_v
                          : self->now_v + copysign(self->step_v, left_v);
        (void)!oac_board_port_code(&self->port, self->now_v, &self->code, &never);
        (void)oac_codec_encode(&self->port.codec, 1, &self->code,
                               (char *)view->data + view->offset[0] + i * view->step,
                               view->step);
    }
    return there;
}

/* Nothing was taken for longer than all that was queued lasts. With the lock held. */
static bool is_dry(const struct oac_port_feed *self, double now_s)
{
    return self->taken_s > 0.0 && now_s - self->taken_s > self->queue_s;
}

/* Pushes one buffer; false when the feed is over. */
static bool feed_once(struct oac_port_feed *self)
{
    struct oac_iio_view view;
    struct oac_err err;
    pthread_mutex_lock(&self->lock);
    const double target_v = self->ends ? self->port.safe_v : self->target_v;
    const bool ended =
        self->ends && self->now_v == self->port.safe_v && self->reached > self->queue;
    pthread_mutex_unlock(&self->lock);
    if (ended)
        return false;
    if (oac_iio_buffer_view(self->buffer, &view, &err))
        goto fail;
    const bool there = fill(self, &view, target_v);
    if (oac_iio_buffer_push(self->buffer, &err) || oac_iio_buffer_wait(self->buffer, &err))
        goto fail;
    pthread_mutex_lock(&self->lock);
    const double wanted_v = self->ends ? self->port.safe_v : self->target_v;
    self->reached = there && target_v == wanted_v ? self->reached + 1 : 0;
    const double now_s = oac_port_now_s();
    self->gaps += is_dry(self, now_s);
    self->taken_s = now_s;
    pthread_mutex_unlock(&self->lock);
    return true;
fail:
    pthread_mutex_lock(&self->lock);
    self->failed = err;
    pthread_mutex_unlock(&self->lock);
    return false;
}

/* The board's queue paces; a bench that nobody listens to takes everything at once, and is spared by the pause. */
static void *feed(void *context)
{
    struct oac_port_feed *self = context;
    const struct timespec pause = {0, (long)(0.5e9 * OAC_PORT_FEED_S)};
    while (feed_once(self))
        nanosleep(&pause, NULL);
    return NULL;
}

static enum oac_status start(struct oac_port_feed *self, struct oac_err *err)
{
    sigset_t all, before;
    sigfillset(&all); /* SIGINT is the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&self->thread, NULL, feed, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? oac_fail(err, OAC_EIO, "cannot start a thread for port %s", self->port.name)
                  : OAC_OK;
}

enum oac_status oac_port_feed_open(struct oac_iio_session *session,
                                   const struct oac_board *board,
                                   const struct oac_board_port *port, double deadline_s,
                                   struct oac_port_feed **made, struct oac_err *err)
{
    struct oac_port_feed *self = oac_alloc(1, sizeof *self, "an output's feed", err);
    enum oac_iio_mode mode;
    if (!self)
        return err->status;
    self->session = session;
    if (oac_port_at_rate(session, port, true, &self->port, &self->rate_hz, err))
        goto fail;
    self->counts = oac_iio_has(session, port->device, "", false, "gaps");
    const bool falls = self->rate_hz > 0.0 && !port->trigger[0];
    if (!(self->rate_hz > 0.0))
        self->rate_hz = RATE_UNKNOWN_HZ;
    self->step_v = port->ramp_v_per_s / self->rate_hz;
    self->queue = board->kernel_buffers > 1 ? board->kernel_buffers : 2;
    self->target_v = self->now_v = port->safe_v;
    if (oac_board_port_code(&self->port, port->safe_v, &self->code, err))
        goto fail;
    const double wanted = fmax(board->buffer_samples_min, self->rate_hz * OAC_PORT_FEED_S);
    const size_t align = board->align_samples > 1 ? board->align_samples : 1;
    const char *channel[] = {port->channel};
    const struct oac_iio_buffer_spec spec = {.device = port->device,
                                             .channels = 1,
                                             .channel = channel,
                                             .output = true,
                                             .samples =
                                                 ((size_t)wanted + align - 1) / align * align,
                                             .kernel_buffers = self->queue,
                                             .deadline_s = deadline_s};
    self->queue_s =
        falls ? (double)self->queue * (double)spec.samples / self->rate_hz : INFINITY;
    if (oac_iio_buffer_open(session, &spec, &self->buffer, &mode, err))
        goto fail;
    pthread_mutex_init(&self->lock, NULL);
    if (start(self, err)) {
        pthread_mutex_destroy(&self->lock);
        goto fail;
    }
    *made = self;
    return OAC_OK;
fail:
    oac_iio_buffer_close(self->buffer);
    free(self);
    return err->status;
}

enum oac_status oac_port_feed_to(struct oac_port_feed *self, double volts, double *played_v,
                                 struct oac_err *err)
{
    uint16_t code;
    if (oac_board_port_code(&self->port, volts, &code, err))
        return err->status;
    if (played_v)
        *played_v = oac_board_port_volts(&self->port, code);
    pthread_mutex_lock(&self->lock);
    self->target_v = volts;
    self->reached = 0;
    pthread_mutex_unlock(&self->lock);
    return OAC_OK;
}

enum oac_status oac_port_feed_state(struct oac_port_feed *self, bool *out, struct oac_err *err)
{
    pthread_mutex_lock(&self->lock);
    *out = self->reached > self->queue;
    const enum oac_status status = self->failed.status;
    if (status)
        *err = self->failed;
    pthread_mutex_unlock(&self->lock);
    return status;
}

enum oac_status oac_port_feed_gaps(struct oac_port_feed *self, uint64_t *gaps,
                                   struct oac_err *err)
{
    char text[40] = "";
    if (self->counts) {
        if (oac_iio_read(self->session, self->port.device, "", false, "gaps", text, sizeof text,
                         err))
            return err->status;
        *gaps = strtoull(text, NULL, 10);
        return OAC_OK;
    }
    pthread_mutex_lock(&self->lock);
    *gaps = self->gaps + is_dry(self, oac_port_now_s());
    pthread_mutex_unlock(&self->lock);
    return OAC_OK;
}

double oac_port_feed_queue_s(const struct oac_port_feed *self)
{
    return self->queue_s;
}

void oac_port_feed_close(struct oac_port_feed *self)
{
    if (!self)
        return;
    pthread_mutex_lock(&self->lock);
    self->ends = true;
    self->reached = 0;
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
    oac_iio_buffer_close(self->buffer);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

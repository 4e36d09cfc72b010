/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/iio/port_sweep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "driver/iio/port_feed.h"
#include "driver/iio/probe.h"

static bool stopped(const struct oac_sink *sink)
{
    return sink && oac_stop_requested(sink);
}

/* The board into its safe state, whatever came before. */
static enum oac_status end_safely(struct oac_iio_session *session,
                                  const struct oac_board *board, enum oac_status status,
                                  struct oac_err *err)
{
    struct oac_err safe;
    if (!oac_iio_safe(session, board, &safe))
        return status;
    if (!status) {
        *err = safe;
        return oac_fail_within(err, "the outputs may still be driven; run oac safe --uri %s",
                               oac_iio_uri(session));
    }
    return oac_fail_within(err, "the outputs may still be driven, run oac safe --uri %s",
                           oac_iio_uri(session));
}

static void tell_gap(const struct oac_port_feed *feed, const struct oac_board_port *port,
                     const struct oac_sink *sink)
{
    oac_log(sink, OAC_LOG_WARNING,
            "%s ran out of samples: this computer stood still for longer than the %g ms that "
            "are queued, and the output fell to its idle voltage meanwhile",
            port->name, 1e3 * oac_port_feed_queue_s(feed));
}

static enum oac_status hold(struct oac_port_feed *feed, const struct oac_board_port *port,
                            double volts, double hold_s, const struct oac_sink *sink,
                            struct oac_err *err)
{
    const struct timespec pause = {0, 20000000};
    uint64_t gaps = 0, told = 0;
    const double end_s = oac_port_now_s() + hold_s;
    bool out;
    if (oac_port_feed_to(feed, volts, NULL, err))
        return err->status;
    while (oac_port_now_s() < end_s && !stopped(sink)) {
        if (oac_port_feed_state(feed, &out, err) || oac_port_feed_gaps(feed, &gaps, err))
            return err->status;
        if (gaps > 0 && told == 0)
            tell_gap(feed, port, sink);
        told = gaps;
        nanosleep(&pause, NULL);
    }
    if (told > 1)
        oac_log(sink, OAC_LOG_WARNING, "%s ran out of samples %llu times", port->name,
                (unsigned long long)told);
    return OAC_OK;
}

enum oac_status oac_port_hold(struct oac_iio_session *session, const struct oac_board *board,
                              const struct oac_board_port *port, double volts, double hold_s,
                              double deadline_s, const struct oac_sink *sink,
                              struct oac_err *err)
{
    uint16_t code = 0;
    struct oac_port_feed *feed = NULL;
    if (oac_port_check(port, volts, &code, err) || oac_probe_range(session, port, err))
        return err->status;
    enum oac_status status = oac_iio_setup(session, board, err);
    if (!status)
        status = oac_port_feed_open(session, board, port, deadline_s, &feed, err);
    if (!status)
        status = hold(feed, port, volts, hold_s, sink, err);
    oac_port_feed_close(feed);
    return end_safely(session, board, status, err);
}

double oac_port_sweep_volts(const struct oac_port_sweep *sweep, size_t step)
{
    const double part = (double)step / (double)(sweep->steps - 1);
    return step + 1 == sweep->steps ? sweep->to_v
                                    : sweep->from_v + (sweep->to_v - sweep->from_v) * part;
}

enum oac_status oac_port_sweep_check(const struct oac_port_sweep *sweep, struct oac_err *err)
{
    uint16_t code;
    if (sweep->input->output)
        return oac_fail(err, OAC_EINVAL, "port %s is an output; a sweep reads an input",
                        sweep->input->name);
    if (sweep->steps < 2)
        return oac_fail(err, OAC_EINVAL, "%zu steps: a sweep has 2 or more", sweep->steps);
    if (oac_port_check(sweep->output, sweep->from_v, &code, err) ||
        oac_port_check(sweep->output, sweep->to_v, &code, err))
        return err->status;
    for (size_t h = 0; h < sweep->holds; h++) {
        const struct oac_board_port *port = sweep->hold[h].port;
        if (oac_port_check(port, sweep->hold[h].volts, &code, err))
            return err->status;
        bool taken = strcmp(port->device, sweep->output->device) == 0;
        for (size_t i = 0; i < h; i++)
            taken = taken || strcmp(port->device, sweep->hold[i].port->device) == 0;
        if (taken)
            return oac_fail(
                err, OAC_EUNSUPPORTED,
                "port %s: its device %s is in use for another port of this sweep, and "
                "by hand one port of a device is driven at a time",
                port->name, port->device);
    }
    return OAC_OK;
}

struct running {
    const struct oac_port_sweep *sweep;
    const struct oac_sink *sink;
    struct oac_port_feed *feed, *held[OAC_PORT_HOLDS_MAX];
    struct oac_port_ear *ear;
};

static enum oac_status all_out(struct running *r, bool *out, struct oac_err *err)
{
    bool one;
    if (oac_port_feed_state(r->feed, out, err))
        return err->status;
    for (size_t h = 0; h < r->sweep->holds; h++) {
        if (oac_port_feed_state(r->held[h], &one, err))
            return err->status;
        *out = *out && one;
    }
    return OAC_OK;
}

static enum oac_status all_gaps(struct running *r, uint64_t *gaps, struct oac_err *err)
{
    uint64_t one;
    if (oac_port_feed_gaps(r->feed, gaps, err))
        return err->status;
    for (size_t h = 0; h < r->sweep->holds; h++) {
        if (oac_port_feed_gaps(r->held[h], &one, err))
            return err->status;
        *gaps += one;
    }
    return OAC_OK;
}

static enum oac_status interrupted(const struct running *r, struct oac_err *err)
{
    return stopped(r->sink) ? oac_fail(err, OAC_EINTERRUPTED, "the sweep was stopped") : OAC_OK;
}

/* Listens, which is what makes time pass on a virtual bench, until the step plays and has played for the dwell. */
static enum oac_status settle(struct running *r, struct oac_err *err)
{
    const double give_up_s = oac_port_now_s() + r->sweep->deadline_s + r->sweep->dwell_s;
    bool out = false;
    while (!out) {
        if (oac_port_ear_skip(r->ear, 0.0, err) || all_out(r, &out, err) || interrupted(r, err))
            return err->status;
        if (!out && oac_port_now_s() > give_up_s)
            return oac_fail(err, OAC_EDEVICE,
                            "port %s did not reach its step within %g s: is its rate what its "
                            "profile says? Try --timeout-s",
                            r->sweep->output->name, r->sweep->deadline_s + r->sweep->dwell_s);
    }
    return oac_port_ear_skip(r->ear, fmax(r->sweep->dwell_s, 1e-9), err);
}

static enum oac_status take_once(struct running *r, double volts, struct oac_port_step *step,
                                 struct oac_err *err)
{
    if (oac_port_feed_to(r->feed, volts, &step->volts, err) || settle(r, err) ||
        interrupted(r, err))
        return err->status;
    return oac_port_ear_read(r->ear, &step->reading, err);
}

/* Again when an output had a gap meanwhile: what was read may be of its idle voltage. */
static enum oac_status take(struct running *r, double volts, struct oac_port_step *step,
                            struct oac_err *err)
{
    for (unsigned turn = 0; turn < OAC_PORT_STEP_TURNS; turn++) {
        uint64_t before, after;
        if (all_gaps(r, &before, err) || take_once(r, volts, step, err) ||
            all_gaps(r, &after, err))
            return err->status;
        if (after == before)
            return OAC_OK;
    }
    return oac_fail(err, OAC_EDEVICE,
                    "port %s at %+.4f V: an output ran out of samples in each of %u attempts: "
                    "this computer stands still for longer than the %g ms that are queued; end "
                    "other programs that keep it busy",
                    r->sweep->output->name, volts, OAC_PORT_STEP_TURNS,
                    1e3 * oac_port_feed_queue_s(r->feed));
}

static enum oac_status walk(struct running *r, struct oac_port_step *step, size_t *done,
                            struct oac_err *err)
{
    char note[60];
    for (size_t i = 0; i < r->sweep->steps; i++) {
        if (take(r, oac_port_sweep_volts(r->sweep, i), &step[i], err))
            return err->status;
        *done = i + 1;
        snprintf(note, sizeof note, "%+.3f V: %+.4f V", step[i].volts, step[i].reading.mean_v);
        oac_progress(r->sink, "sweep", *done, r->sweep->steps, note);
    }
    return OAC_OK;
}

static enum oac_status open_all(struct oac_iio_session *session, const struct oac_board *board,
                                struct running *r, struct oac_err *err)
{
    const struct oac_port_sweep *sweep = r->sweep;
    if (oac_iio_setup(session, board, err) ||
        oac_port_ear_open(session, board, sweep->input, sweep->samples, true, sweep->deadline_s,
                          &r->ear, err) ||
        oac_port_feed_open(session, board, sweep->output, sweep->deadline_s, &r->feed, err))
        return err->status;
    for (size_t h = 0; h < sweep->holds; h++)
        if (oac_port_feed_open(session, board, sweep->hold[h].port, sweep->deadline_s,
                               &r->held[h], err) ||
            oac_port_feed_to(r->held[h], sweep->hold[h].volts, NULL, err))
            return err->status;
    return OAC_OK;
}

enum oac_status oac_port_sweep_run(struct oac_iio_session *session,
                                   const struct oac_board *board,
                                   const struct oac_port_sweep *sweep,
                                   const struct oac_sink *sink, struct oac_port_step *step,
                                   size_t *done, struct oac_err *err)
{
    struct running r = {.sweep = sweep, .sink = sink};
    *done = 0;
    if (oac_port_sweep_check(sweep, err) || oac_probe_range(session, sweep->output, err) ||
        oac_probe_range(session, sweep->input, err))
        return err->status;
    enum oac_status status = open_all(session, board, &r, err);
    if (!status)
        status = walk(&r, step, done, err);
    oac_port_ear_close(
        r.ear); /* first: a bench that is listened to takes no more than it plays */
    oac_port_feed_close(r.feed);
    for (size_t h = 0; h < sweep->holds; h++)
        oac_port_feed_close(r.held[h]);
    return end_safely(session, board, status, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibrate_check.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "calibration/check.h"
#include "hal/subset.h"

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The channels of the bench that are checked: those that the record does not exclude. */
struct checked {
    struct oac_link *link; /* of them alone */
    struct oac_link subset;
    size_t *number; /* (link's channels) on the bench */
};

static enum oac_status checked_open(struct checked *checked, struct oac_station *station,
                                    struct oac_err *err)
{
    const size_t channels = station->calrec->channels;
    size_t kept = 0;
    *checked = (struct checked){.link = &station->link};
    bool *left_out = oac_alloc(channels, sizeof *left_out, "channels", err);
    checked->number = oac_alloc(channels, sizeof *checked->number, "channels", err);
    enum oac_status status = left_out && checked->number ? OAC_OK : OAC_ENOMEM;
    for (size_t k = 0; status == OAC_OK && k < channels; k++) {
        left_out[k] = station->calrec->channel[k].excluded;
        if (!left_out[k])
            checked->number[kept++] = k;
    }
    if (status == OAC_OK && kept < channels) {
        status = oac_subset_open(&station->link, left_out, &checked->subset, err);
        checked->link = &checked->subset;
    }
    free(left_out);
    return status;
}

static void checked_close(struct checked *checked)
{
    oac_link_close(&checked->subset);
    free(checked->number);
}

/* The channel and figure that are furthest off. */
static void worst(const struct oac_check *check, size_t *channel, const char **name,
                  const struct oac_check_figure **figure)
{
    *figure = &check->channel[0].gain; /* there is at least one channel */
    *channel = 0;
    *name = "gain";
    for (size_t k = 0; k < check->channels; k++) {
        const struct oac_check_figure *both[] = {&check->channel[k].gain,
                                                 &check->channel[k].level};
        for (size_t i = 0; i < 2; i++) {
            if (!(both[i]->t > (*figure)->t))
                continue;
            *figure = both[i];
            *channel = k;
            *name = i ? "level" : "gain";
        }
    }
}

static void print_verdict(const struct oac_check *check, const size_t *number, double age_s,
                          bool forced, FILE *out)
{
    const struct oac_check_figure *figure;
    const char *name;
    size_t k;
    worst(check, &k, &name, &figure);
    fprintf(out,
            "%s after %.6g s%s: %zu of %zu channels moved; furthest channel %zu, %s %+.3g %% "
            "+- %.2g %%\n",
            check->holds ? "holds" : "does not hold", age_s,
            forced ? ", FORCED: made for another bench" : "", check->moved, check->channels,
            number[k], name, 100.0 * figure->change, 100.0 * figure->sigma);
}

static void print_channels(const struct oac_check *check, const size_t *number, FILE *out)
{
    fprintf(out, "channel  gain [%%]          level [%% of full scale]  rms [%%]  then [%%]  "
                 "may move\n");
    for (size_t k = 0; k < check->channels; k++) {
        const struct oac_check_channel *c = &check->channel[k];
        fprintf(
            out, "%7zu  %+7.3f +- %-6.3f  %+7.3f +- %-6.3f        %7.3f  %8.3f  %8.3f%s%s\n",
            number[k], 100.0 * c->gain.change, 100.0 * c->gain.sigma, 100.0 * c->level.change,
            100.0 * c->level.sigma, 100.0 * c->rms, 100.0 * c->verify_rms, 100.0 * c->tolerance,
            c->gain.moved ? "  gain moved" : "", c->level.moved ? "  level moved" : "");
    }
}

static enum oac_status print_json(const struct oac_check *check, const size_t *number,
                                  double age_s, bool forced, FILE *out, struct oac_err *err)
{
    json_t *channels = json_array();
    for (size_t k = 0; k < check->channels; k++) {
        const struct oac_check_channel *c = &check->channel[k];
        json_array_append_new(
            channels, json_pack("{s:i, s:f, s:f, s:b, s:f, s:f, s:b, s:f, s:f, s:f}", "channel",
                                (int)number[k], "gain_change", c->gain.change, "gain_sigma",
                                c->gain.sigma, "gain_moved", (int)c->gain.moved, "level_change",
                                c->level.change, "level_sigma", c->level.sigma, "level_moved",
                                (int)c->level.moved, "rms", c->rms, "verify_rms", c->verify_rms,
                                "tolerance", c->tolerance));
    }
    json_t *root =
        json_pack("{s:b, s:f, s:b, s:i, s:f, s:f, s:o}", "holds", (int)check->holds, "age_s",
                  age_s, "forced", (int)forced, "moved", (int)check->moved, "false_alarm",
                  OAC_CHECK_FALSE_ALARM, "bench_s", check->bench_s, "channels", channels);
    bool written = root && json_dumpf(root, out, JSON_REAL_PRECISION(9)) == 0;
    json_decref(root);
    if (!written)
        return oac_fail(err, OAC_ENOMEM, "no memory for the JSON of a check");
    fputc('\n', out);
    return OAC_OK;
}

/* Until `until_s`, or until asked to stop. */
static void wait_until(double until_s, const struct oac_sink *sink)
{
    while (!oac_stop_requested(sink) && now_s() < until_s) {
        const double left_s = fmin(0.1, fmax(0.0, until_s - now_s()));
        const struct timespec t = {0, (long)(1e9 * left_s)};
        nanosleep(&t, NULL);
    }
}

static enum oac_status watch(const struct oac_calibrate_check_request *request,
                             struct oac_station *station, const struct checked *checked,
                             const struct oac_calibration *calibration,
                             const struct oac_sink *sink, FILE *out, bool *holds,
                             struct oac_err *err)
{
    const double start_s = now_s(), idle_s = request->station.calibration.idle_s;
    const double slot_s = station->link.caps->slot_s;
    const bool once = isnan(request->watch_s);
    const bool forced = oac_engine_forced(station->engine);
    struct oac_check_options options = {.windows = OAC_CHECK_WINDOWS,
                                        .false_alarm = OAC_CHECK_FALSE_ALARM};
    for (double next_s = 0.0;; next_s += request->watch_s) {
        struct oac_check check;
        enum oac_status status = OAC_OK;
        const double slots = rint((idle_s + next_s) / slot_s) + (double)calibration->last_slot0;
        if (!(slots < 0x1p63))
            return oac_fail(err, OAC_EINVAL, "the bench's clock ends before %g s: watch less",
                            idle_s + next_s);
        options.slot0 =
            fmax((double)options.slot0, slots) > slots ? options.slot0 : (uint64_t)slots;
        if (oac_check_run(checked->link, calibration, &options, sink, &check, err))
            return err->status;
        *holds = check.holds;
        if (request->json)
            status = print_json(&check, checked->number, idle_s + next_s, forced, out, err);
        else if (once)
            print_channels(&check, checked->number, out);
        if (!request->json)
            print_verdict(&check, checked->number, idle_s + next_s, forced, out);
        fflush(out);
        options.slot0 = check.last_slot0; /* never the same window twice */
        options.seed++;
        oac_check_fini(&check);
        const double due_s = start_s + next_s + request->watch_s;
        if (status || once || due_s - start_s > request->max_s)
            return status;
        wait_until(due_s, sink);
        if (oac_stop_requested(sink))
            return OAC_OK;
    }
}

enum oac_status oac_calibrate_check(const struct oac_calibrate_check_request *request,
                                    const struct oac_sink *sink, FILE *out, bool *holds,
                                    struct oac_err *err)
{
    struct oac_station station = {0};
    struct oac_calibration *calibration = NULL;
    if (oac_check_read(request->station.calibration.path, &calibration, err))
        return err->status;
    /* Opening applies the record's settings, and refuses another bench's. */
    enum oac_status status = oac_station_open(&request->station, sink, &station, err);
    if (status == OAC_OK) {
        struct checked checked;
        status = checked_open(&checked, &station, err);
        if (status == OAC_OK)
            status = watch(request, &station, &checked, calibration, sink, out, holds, err);
        checked_close(&checked);
        oac_station_close(&station);
    }
    oac_calibration_destroy(calibration);
    return status;
}

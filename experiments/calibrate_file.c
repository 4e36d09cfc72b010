/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibrate_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/h5.h"
#include "base/h5_seal.h"
#include "calibration/results.h"

/* One number of every row, `stride` bytes apart, as a data set of reals. */
static enum oac_status put_column(struct oac_h5_writer *writer, const char *path,
                                  const char *dimension, const char *unit, size_t count,
                                  double (*get)(const void *context, size_t i),
                                  const void *context, struct oac_err *err)
{
    double *values = oac_alloc(count, sizeof *values, "attempts", err);
    if (!values)
        return err->status;
    for (size_t i = 0; i < count; i++)
        values[i] = get(context, i);
    enum oac_status status = oac_h5_put_array(writer, path, OAC_H5_F64, 1, &count, dimension,
                                              unit, false, values, err);
    free(values);
    return status;
}

#define ATTEMPT(name, expression)                                     \
    static double attempt_##name(const void *context, size_t i)       \
    {                                                                 \
        const struct oac_target_attempt *a =                          \
            &((const struct oac_target_result *)context)->attempt[i]; \
        return (double)(expression);                                  \
    }
ATTEMPT(calibration_right, a->calibration.right)
ATTEMPT(calibration_wrong, a->calibration.wrong)
ATTEMPT(right, a->held_out.right)
ATTEMPT(wrong, a->held_out.wrong)
ATTEMPT(alpha, a->alpha)
ATTEMPT(bound, a->bound)
ATTEMPT(expected, a->expected_images)
ATTEMPT(seconds, a->cost.seconds)
ATTEMPT(bench_s, a->cost.bench_s)
ATTEMPT(launched_j, a->cost.launched_j)
ATTEMPT(photons, a->cost.detected_photons)

static enum oac_status put_attempts(struct oac_h5_writer *writer,
                                    const struct oac_target_result *target, struct oac_err *err)
{
    static const struct {
        const char *path, *unit;
        double (*get)(const void *, size_t);
    } columns[] = {
        {"/attempts/calibration_right", "images", attempt_calibration_right},
        {"/attempts/calibration_wrong", "images", attempt_calibration_wrong},
        {"/attempts/right", "images", attempt_right},
        {"/attempts/wrong", "images", attempt_wrong},
        {"/attempts/alpha", "1", attempt_alpha},
        {"/attempts/bound", "1", attempt_bound},
        {"/attempts/expected_images", "images", attempt_expected},
        {"/attempts/seconds", "s", attempt_seconds},
        {"/attempts/bench", "s", attempt_bench_s},
        {"/attempts/launched", "J", attempt_launched_j},
        {"/attempts/detected", "photons", attempt_photons},
    };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (put_column(writer, columns[i].path, "attempt", columns[i].unit, target->attempts,
                       columns[i].get, target, err))
            return err->status;
    for (size_t i = 0; i < target->attempts; i++) {
        const struct oac_target_attempt *a = &target->attempt[i];
        char where[32];
        snprintf(where, sizeof where, "/attempts/%03zu", i);
        if (oac_h5_put_text(writer, where, "step", oac_target_step_names[a->step], err) ||
            oac_h5_put_text(writer, where, "detail", a->detail, err) ||
            oac_h5_put_text(writer, where, "verdict", oac_target_verdict_names[a->verdict],
                            err))
            return err->status;
    }
    return OAC_OK;
}

#define LOOK(name, expression)                                         \
    static double look_##name(const void *context, size_t i)           \
    {                                                                  \
        const struct oac_calibrate_look *l =                           \
            &((const struct oac_calibrate_outcome *)context)->look[i]; \
        return (double)(expression);                                   \
    }
LOOK(attempt, l->attempt)
LOOK(held_out, l->held_out)
LOOK(images, l->images)
LOOK(right, l->right)
LOOK(bench_s, l->bench_s)

static enum oac_status put_looks(struct oac_h5_writer *writer,
                                 const struct oac_calibrate_outcome *outcome,
                                 struct oac_err *err)
{
    const size_t dims[2] = {outcome->classes, outcome->classes};
    static const struct {
        const char *path, *unit;
        double (*get)(const void *, size_t);
    } columns[] = {
        {"/looks/attempt", "1", look_attempt},    {"/looks/held_out", "1", look_held_out},
        {"/looks/images", "images", look_images}, {"/looks/right", "images", look_right},
        {"/looks/bench", "s", look_bench_s},
    };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (put_column(writer, columns[i].path, "look", columns[i].unit, outcome->looks,
                       columns[i].get, outcome, err))
            return err->status;
    return oac_h5_put_array(writer, "/confusion", OAC_H5_U64, 2, dims, "label,answer", "images",
                            false, outcome->confusion, err);
}

static enum oac_status put_target(struct oac_h5_writer *writer,
                                  const struct oac_calibrate_outcome *outcome,
                                  struct oac_err *err)
{
    if (oac_certificate_put(&outcome->certificate, writer, err) ||
        oac_h5_put_text(writer, "/attempts", "reason", outcome->reason, err) ||
        put_attempts(writer, &outcome->target, err))
        return err->status;
    return put_looks(writer, outcome, err);
}

/* /spent is of the last measurement; /spent/all of every one, /spent/images of the network's images. */
static enum oac_status put_costs(struct oac_h5_writer *writer,
                                 const struct oac_calibrate_outcome *outcome,
                                 struct oac_err *err)
{
    const struct {
        const char *where;
        const struct oac_target_cost *cost;
    } parts[] = {{"/spent/all", &outcome->on_bench}, {"/spent/images", &outcome->on_images}};
    for (size_t i = 0; i < 2; i++)
        if (oac_h5_put_real(writer, parts[i].where, "bench_s", parts[i].cost->bench_s, err) ||
            oac_h5_put_real(writer, parts[i].where, "launched_j", parts[i].cost->launched_j,
                            err) ||
            oac_h5_put_real(writer, parts[i].where, "detected_photons",
                            parts[i].cost->detected_photons, err) ||
            oac_h5_put_real(writer, parts[i].where, "wall_s", parts[i].cost->seconds, err))
            return err->status;
    return OAC_OK;
}

enum oac_status oac_calibrate_write(const struct oac_calibrate_request *request,
                                    const struct oac_station *station,
                                    const struct oac_calibrate_outcome *outcome,
                                    struct oac_err *err)
{
    const struct oac_calibration_source source = {
        .command_line = request->command_line,
        .on = request->station.on ? request->station.on : "sim",
        .rig_name = station->rig.name,
        .rig_text = station->rig_text,
        .seed = request->station.seed,
    };
    struct oac_h5_writer *writer;
    if (oac_h5_create(&writer, err))
        return err->status;
    enum oac_status status =
        oac_calibration_put(outcome->calibration, outcome->calrec, &source, writer, err);
    if (!status)
        status = oac_h5_put_real(writer, "/spent", "wall_s", outcome->seconds, err);
    if (!status && outcome->has_target)
        status = put_costs(writer, outcome, err);
    if (!status && outcome->has_target)
        status = put_target(writer, outcome, err);
    if (!status)
        status = oac_h5_commit_sealed(writer, request->output_path, err);
    oac_h5_destroy(writer);
    return status ? oac_fail_within(err, "calibration %s", request->output_path) : OAC_OK;
}

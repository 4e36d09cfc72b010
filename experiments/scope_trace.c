/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/scope_trace.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* Which points eyes and spectra are made of. */
static bool is_kept_later(const char *name)
{
    static const char *const names[] = {"weight.drive", "client.drive", "fiber.field",
                                        "weight.field", "detector.current"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool find_window(const struct oac_scope_recorder *r, uint64_t slot0, size_t *window)
{
    uint64_t distance = slot0 - r->slot0;

    if (slot0 < r->slot0 || distance % r->stride != 0 || distance / r->stride >= r->windows)
        return false;
    *window = (size_t)(distance / r->stride);
    return true;
}

static bool is_wanted(const struct oac_scope_recorder *r,
                      const struct oac_waveform_point *point, size_t window)
{
    if (window == 0)
        return true;
    return point->lane == 0 && is_kept_later(point->name) &&
           (point->channel == r->channel || strcmp(point->name, "client.drive") == 0);
}

static struct oac_scope_trace *add(struct oac_scope_recorder *r)
{
    if (r->count == r->room) {
        size_t room = r->room ? 2 * r->room : 256;
        struct oac_scope_trace *more = oac_alloc(room, sizeof *more, "waveforms", &r->err);

        if (!more)
            return NULL;
        if (r->count)
            memcpy(more, r->trace, r->count * sizeof *more);
        free(r->trace);
        r->trace = more;
        r->room = room;
    }
    return &r->trace[r->count];
}

void oac_scope_record(void *recorder, const struct oac_waveform_point *point)
{
    struct oac_scope_recorder *r = recorder;
    size_t values = point->complex_values ? 2 * point->samples : point->samples, window;
    struct oac_scope_trace *trace;

    if (r->failed || !find_window(r, point->slot0, &window) || !is_wanted(r, point, window))
        return;
    trace = add(r);
    if (!trace || !(trace->value = oac_alloc(values, sizeof(float), "a waveform", &r->err))) {
        r->failed = true;
        return;
    }
    snprintf(trace->name, sizeof trace->name, "%s", point->name);
    snprintf(trace->unit, sizeof trace->unit, "%s", point->unit);
    trace->channel = point->channel;
    trace->window = window;
    trace->lane = point->lane;
    trace->rate_hz = point->rate_hz;
    trace->start_s = point->start_s;
    trace->complex_values = point->complex_values;
    trace->samples = point->samples;
    memcpy(trace->value, point->value, values * sizeof(float));
    r->count++;
}

void oac_scope_recorder_fini(struct oac_scope_recorder *recorder)
{
    for (size_t i = 0; i < recorder->count; i++)
        free(recorder->trace[i].value);
    free(recorder->trace);
    memset(recorder, 0, sizeof *recorder);
}

const struct oac_scope_trace *oac_scope_find(const struct oac_scope_recorder *recorder,
                                             const char *name, size_t window, size_t channel,
                                             unsigned lane)
{
    const struct oac_scope_trace *trace = recorder->trace;

    for (size_t i = 0; i < recorder->count; i++, trace++)
        if (trace->window == window && trace->channel == channel && trace->lane == lane &&
            strcmp(trace->name, name) == 0)
            return trace;
    return NULL;
}

double oac_scope_sample(const struct oac_scope_trace *trace, size_t i)
{
    if (!trace->complex_values)
        return (double)trace->value[i];
    double re = (double)trace->value[2 * i], im = (double)trace->value[2 * i + 1];
    return re * re + im * im;
}

/* Along the light: server, client, receiver. amplifier.field comes where the amplifier is. */
static const char *const order[] = {"weight.drive",     "weight.field",    "fiber.field",
                                    "client.drive",     "client.field",    "demux.power",
                                    "detector.current", "receiver.output", "adc.code"};

/* Recursion ends: what was shown first is known. */
static size_t place(const struct oac_scope_recorder *r, const char *name)
{
    const size_t count = sizeof order / sizeof order[0];

    for (size_t i = 0; i < count; i++)
        if (strcmp(order[i], name) == 0)
            return 2 * i;
    for (size_t i = 0; i < r->count; i++) { /* unknown: behind what was shown before it */
        if (i > 0 && strcmp(r->trace[i].name, name) == 0)
            return place(r, r->trace[i - 1].name) | 1;
    }
    return 2 * count;
}

size_t oac_scope_point_names(const struct oac_scope_recorder *recorder, const char **name,
                             size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < recorder->count && count < max; i++) {
        const char *here = recorder->trace[i].name;
        bool known = recorder->trace[i].window != 0;
        for (size_t j = 0; j < count && !known; j++)
            known = strcmp(name[j], here) == 0;
        if (known)
            continue;
        size_t at = count++;
        for (; at > 0 && place(recorder, name[at - 1]) > place(recorder, here); at--)
            name[at] = name[at - 1];
        name[at] = here;
    }
    return count;
}

size_t oac_scope_index(const struct oac_scope_trace *trace, double time_s)
{
    double i = ceil((time_s - trace->start_s) * trace->rate_hz - 1e-6);

    if (!(i > 0.0))
        return 0;
    return i < (double)trace->samples ? (size_t)i : trace->samples;
}

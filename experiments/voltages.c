/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/voltages.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/h5.h"

#define SCHEMA 1

static void low_high(const struct oac_played_port *port, double *low_v, double *high_v)
{
    const double a = oac_played_volts(port, port->low), b = oac_played_volts(port, port->high);
    *low_v = fmin(a, b);
    *high_v = fmax(a, b);
}

static void report_port(const struct oac_played_port *port, FILE *out)
{
    double low_v, high_v;
    low_high(port, &low_v, &high_v);
    fprintf(out, "  %-8s %-7s %+.4f to %+.4f V   limits %+g to %+g V, safe %g V\n",
            port->port.name, port->role, low_v, high_v, port->port.min_v, port->port.max_v,
            port->port.safe_v);
    fprintf(out, "    %" PRIu64 " samples in %" PRIu64 " buffers, %zu levels of %.3g mV\n",
            port->samples, port->buffers, oac_played_levels(port), 1e3 * fabs(port->lsb_v));
    fprintf(out, "    begins at %+.4f V, ends at %+.4f V; ramps %g V/s; largest step %.4f V\n",
            oac_played_volts(port, port->first_code), oac_played_volts(port, port->last),
            port->port.ramp_v_per_s, port->slope_v);
}

static void report_settings(const struct oac_played *played, bool after, const char *title,
                            FILE *out)
{
    bool any = false;
    for (size_t i = 0; i < played->writes; i++) {
        const struct oac_played_write *write = &played->write[i];
        if (write->after != after)
            continue;
        if (!any)
            fprintf(out, "\n%s\n", title);
        any = true;
        /* what is written again for every burst is shown once */
        bool repeated = false;
        for (size_t j = 0; after && j < i && !repeated; j++)
            repeated = played->write[j].after && i - j <= 4 &&
                       strcmp(played->write[j].place, write->place) == 0 &&
                       strcmp(played->write[j].value, write->value) == 0;
        if (!repeated)
            fprintf(out, "  %s = %s\n", write->place, write->value);
    }
}

void oac_voltages_report(const struct oac_played *played, const char *path, FILE *out)
{
    fputs("A dry run: no output of a board was driven. Its twin answered.\n\nOutputs\n", out);
    for (size_t i = 0; i < played->ports; i++)
        if (played->port[i].samples)
            report_port(&played->port[i], out);
    report_settings(played, false, "Settings before the first sample, in order", out);
    report_settings(played, true, "Settings with and after the samples", out);
    if (path)
        fprintf(out, "\nEvery voltage and how often: %s\n", path);
}

static enum oac_status put_volts(struct oac_h5_writer *w, const struct oac_played_port *port,
                                 const char *name, size_t count, const uint16_t *code,
                                 struct oac_err *err)
{
    char path[160];
    const size_t dims[] = {count};
    snprintf(path, sizeof path, "/ports/%s/%s", port->port.name, name);
    float *v = oac_alloc(count, sizeof *v, "voltages", err);
    if (!v)
        return err->status;
    for (size_t i = 0; i < count; i++)
        v[i] = (float)oac_played_volts(port, code[i]);
    enum oac_status status =
        oac_h5_put_array(w, path, OAC_H5_F32, 1, dims, "sample", "V", true, v, err);
    free(v);
    return status;
}

static enum oac_status put_levels(struct oac_h5_writer *w, const struct oac_played_port *port,
                                  struct oac_err *err)
{
    const size_t levels = oac_played_levels(port), dims[] = {levels};
    char level_path[160], count_path[160];
    size_t at = 0;
    enum oac_status status = OAC_ENOMEM;
    double *level = oac_alloc(levels, sizeof *level, "levels", err);
    uint64_t *count = oac_alloc(levels, sizeof *count, "levels", err);
    snprintf(level_path, sizeof level_path, "/ports/%s/level_v", port->port.name);
    snprintf(count_path, sizeof count_path, "/ports/%s/count", port->port.name);
    for (size_t c = 0; level && count && c < port->codes; c++)
        if (port->count[c]) {
            level[at] = oac_played_volts(port, (double)c);
            count[at++] = port->count[c];
        }
    if (level && count) {
        status = oac_h5_put_array(w, level_path, OAC_H5_F64, 1, dims, "level", "V", true, level,
                                  err);
        if (!status)
            status = oac_h5_put_array(w, count_path, OAC_H5_U64, 1, dims, "level", "1", true,
                                      count, err);
    }
    free(level);
    free(count);
    return status;
}

static enum oac_status put_port(struct oac_h5_writer *w, const struct oac_played_port *port,
                                struct oac_err *err)
{
    char group[120];
    snprintf(group, sizeof group, "/ports/%s", port->port.name);
    if (put_levels(w, port, err) ||
        put_volts(w, port, "first_v", port->first_samples, port->first, err) ||
        (port->whole && put_volts(w, port, "whole_v", (size_t)port->samples, port->whole, err)))
        return err->status;
    if (oac_h5_put_text(w, group, "role", port->role, err) ||
        oac_h5_put_integer(w, group, "samples", (int64_t)port->samples, err) ||
        oac_h5_put_integer(w, group, "buffers", (int64_t)port->buffers, err) ||
        oac_h5_put_real(w, group, "min_v", port->port.min_v, err) ||
        oac_h5_put_real(w, group, "max_v", port->port.max_v, err) ||
        oac_h5_put_real(w, group, "safe_v", port->port.safe_v, err))
        return err->status;
    return OAC_OK;
}

static enum oac_status put_settings(struct oac_h5_writer *w, const struct oac_played *played,
                                    struct oac_err *err)
{
    const size_t room = sizeof(struct oac_played_write) + 8;
    char *text = oac_alloc(played->writes + 1, room, "settings", err);
    size_t used = 0;
    if (!text)
        return err->status;
    for (size_t i = 0; i < played->writes; i++)
        used += (size_t)snprintf(text + used, room, "%s = %s\n", played->write[i].place,
                                 played->write[i].value);
    enum oac_status status = oac_h5_put_text(w, "/", "settings", text, err);
    free(text);
    return status;
}

enum oac_status oac_voltages_write(const struct oac_played *played, const char *command_line,
                                   const char *path, struct oac_err *err)
{
    struct oac_h5_writer *w = NULL;
    enum oac_status status = oac_played_check(played, err);
    if (!status)
        status = oac_h5_create(&w, err);
    if (!status)
        status = oac_h5_put_provenance(w, "oac-voltages", SCHEMA, command_line, NULL, err);
    for (size_t i = 0; i < played->ports && !status; i++)
        if (played->port[i].samples)
            status = put_port(w, &played->port[i], err);
    if (!status)
        status = put_settings(w, played, err);
    if (!status)
        status = oac_h5_commit(w, path, err);
    oac_h5_destroy(w);
    return status;
}

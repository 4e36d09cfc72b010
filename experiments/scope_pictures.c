/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "experiments/scope_picture.h"

/* What each point is called on a picture, and the colour of its part of the chain. */
static const struct {
    const char *name, *title, *colour;
} points[] = {
    {"weight.drive", "weight modulator, drive", OAC_PLOT_BLUE},
    {"weight.field", "after the weight modulator", OAC_PLOT_BLUE},
    {"fiber.field", "after the fiber", OAC_PLOT_BLUE},
    {"amplifier.field", "after the amplifier", OAC_PLOT_GREEN},
    {"client.drive", "client modulator, drive", OAC_PLOT_VERMILLION},
    {"client.field", "after the client modulator", OAC_PLOT_VERMILLION},
    {"demux.power", "after the demultiplexer", OAC_PLOT_VERMILLION},
    {"detector.current", "detector", OAC_PLOT_PURPLE},
    {"receiver.output", "receiver", OAC_PLOT_INK},
    {"adc.code", "ADC", OAC_PLOT_INK},
};

struct oac_scope_axis oac_scope_axis_for(double largest, const char *unit)
{
    static const char *const prefixes[] = {"a", "f", "p", "n", "\xc2\xb5", "m",
                                           "",  "k", "M", "G", "T"};
    bool plain = strcmp(unit, "code") == 0 || strcmp(unit, "counts") == 0;
    double power = largest > 0.0 && !plain ? floor(log10(largest) / 3.0 + 1e-9) : 0.0;

    power = fmin(fmax(power, -6.0), 4.0);
    return (struct oac_scope_axis){pow(1000.0, -power), prefixes[(int)power + 6]};
}

const char *oac_scope_title(const char *name)
{
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        if (strcmp(points[i].name, name) == 0)
            return points[i].title;
    return name;
}

const char *oac_scope_colour(const char *name)
{
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        if (strcmp(points[i].name, name) == 0)
            return points[i].colour;
    return OAC_PLOT_INK;
}

enum oac_status oac_scope_draw(const struct oac_scope_view *view, const char *prefix,
                               const char *extension, const struct oac_sink *sink,
                               struct oac_err *err)
{
    const struct {
        const char *name;
        bool wanted;
        enum oac_status (*draw)(const struct oac_scope_view *v, const char *path,
                                struct oac_err *err);
    } pictures[] = {
        {"chain", view->levels > 0, oac_scope_draw_chain},
        {"eye", view->windows > 0, oac_scope_draw_eyes},
        {"spectrum", view->spectrum[0].count > 0, oac_scope_draw_spectra},
        {"budget", view->budget.rows > 0, oac_scope_draw_budget},
    };
    size_t bytes = strlen(prefix) + 32;
    char *path = oac_alloc(bytes, 1, "a file name", err);
    enum oac_status status = path ? OAC_OK : err->status;

    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0] && status == OAC_OK; i++) {
        if (!pictures[i].wanted)
            continue;
        if (oac_stop_requested(sink)) {
            status = oac_fail(err, OAC_EINTERRUPTED, "stopped before the picture '%s'",
                              pictures[i].name);
            break;
        }
        snprintf(path, bytes, "%s-%s.%s", prefix, pictures[i].name, extension);
        status = pictures[i].draw(view, path, err);
    }
    free(path);
    return status;
}

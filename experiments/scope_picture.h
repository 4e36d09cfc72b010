/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pictures of oac scope, one function and one file each, and what they share. */
#ifndef OAC_EXPERIMENTS_SCOPE_PICTURE_H
#define OAC_EXPERIMENTS_SCOPE_PICTURE_H

#include "experiments/plot.h"
#include "experiments/scope.h"

struct oac_scope_axis { /* an SI prefix for numbers up to `largest` */
    double scale;
    const char *prefix;
};
struct oac_scope_axis oac_scope_axis_for(double largest, const char *unit);

/* What a point is called on a picture, and the colour of its part of the chain. */
const char *oac_scope_title(const char *point);
const char *oac_scope_colour(const char *point);

enum oac_status oac_scope_draw_chain(const struct oac_scope_view *v, const char *path,
                                     struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_scope_draw_eyes(const struct oac_scope_view *v, const char *path,
                                    struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_scope_draw_spectra(const struct oac_scope_view *v, const char *path,
                                       struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_scope_draw_budget(const struct oac_scope_view *v, const char *path,
                                      struct oac_err *err) OAC_MUST_USE;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibration_page/page.h"

#include <math.h>
#include <string.h>

/* Dimensions: c channels, l looks, a attempts, k classes, * any. */
static const struct {
    const char *path, *dims;
} drawn[] = {
    {"/fits/dark/residual", "c*"},
    {"/fits/dark/chi2", "c"},
    {"/fits/dark/dof", "c"},
    {"/fits/dark/p_value", "c"},
    {"/fits/weight/residual", "c*"},
    {"/fits/weight/chi2", "c"},
    {"/fits/weight/dof", "c"},
    {"/fits/weight/p_value", "c"},
    {"/fits/linearity/residual", "c*"},
    {"/fits/linearity/chi2", "c"},
    {"/fits/linearity/dof", "c"},
    {"/fits/linearity/p_value", "c"},
    {"/fits/gain/residual", "c*"},
    {"/fits/gain/chi2", "c"},
    {"/fits/gain/dof", "c"},
    {"/fits/gain/p_value", "c"},
    {"/gain/matrix", "cc"},
    {"/gain/matrix_sigma", "cc"},
    {"/gain/crosstalk", "cc"},
    {"/noise/allan_dark", "c*"},
    {"/noise/allan_bright", "c*"},
    {"/looks/attempt", "l"},
    {"/looks/held_out", "l"},
    {"/looks/images", "l"},
    {"/looks/right", "l"},
    {"/looks/bench", "l"},
    {"/attempts/calibration_right", "a"},
    {"/attempts/calibration_wrong", "a"},
    {"/attempts/right", "a"},
    {"/attempts/wrong", "a"},
    {"/attempts/alpha", "a"},
    {"/attempts/bound", "a"},
    {"/attempts/expected_images", "a"},
    {"/attempts/seconds", "a"},
    {"/confusion", "kk"},
};

static size_t rows_of(const struct oac_page *page, const char *path)
{
    const struct oac_h5_array *array = oac_h5_find_array(page->file, path);
    return array && array->rank > 0 ? array->dims[0] : 0;
}

static bool shape_is(const struct oac_page *page, const struct oac_h5_array *array,
                     const char *dims)
{
    if (array->rank != strlen(dims) || array->count == 0)
        return false;
    if (array->type != (dims[0] == 'k' ? OAC_H5_U64 : OAC_H5_F64))
        return false;
    for (size_t d = 0; d < array->rank; d++) {
        size_t wanted = dims[d] == 'c'   ? page->channels
                        : dims[d] == 'l' ? page->looks
                        : dims[d] == 'a' ? page->attempts
                        : dims[d] == 'k' ? page->classes
                                         : array->dims[d];
        if (array->dims[d] != wanted)
            return false;
    }
    return true;
}

static bool excluded(const struct oac_page *page, char dim, size_t i)
{
    return dim == 'c' && page->calrec->channel[i].excluded;
}

static enum oac_status check_finite(const struct oac_page *page,
                                    const struct oac_h5_array *array, const char *dims,
                                    struct oac_err *err)
{
    const double *value = array->data;
    size_t columns = array->rank > 1 ? array->dims[1] : 1;
    for (size_t i = 0; i < array->count; i++)
        if (!isfinite(value[i]) && !excluded(page, dims[0], i / columns) &&
            !excluded(page, dims[1], i % columns))
            return oac_fail(
                err, OAC_EPARSE,
                "%s: %s, element %zu is %g, not a finite number: the file is damaged; "
                "calibrate again",
                page->file->path, array->path, i, value[i]);
    return OAC_OK;
}

enum oac_status oac_page_check(struct oac_page *page, struct oac_err *err)
{
    page->channels = page->calrec->channels;
    page->looks = rows_of(page, "/looks/images");
    page->attempts = rows_of(page, "/attempts/alpha");
    page->classes = rows_of(page, "/confusion");
    for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++) {
        const struct oac_h5_array *array = oac_h5_find_array(page->file, drawn[i].path);
        if (!array)
            continue;
        if (!shape_is(page, array, drawn[i].dims))
            return oac_fail(err, OAC_EPARSE,
                            "%s: %s has not the shape and type that oac calibrate writes",
                            page->file->path, drawn[i].path);
        if (array->type == OAC_H5_F64 && check_finite(page, array, drawn[i].dims, err))
            return err->status;
    }
    return OAC_OK;
}

const double *oac_page_reals(const struct oac_page *page, const char *path, size_t *columns)
{
    const struct oac_h5_array *array = oac_h5_find_array(page->file, path);
    if (array && columns)
        *columns = array->rank > 1 ? array->dims[1] : 1;
    return array ? array->data : NULL;
}

bool oac_page_measured(const struct oac_page *page, size_t k)
{
    const double *gain = oac_page_reals(page, "/gain/matrix", NULL);
    return !page->calrec->channel[k].excluded || (gain && gain[k * page->channels + k] > 0.0);
}

double oac_page_number(const struct oac_page *page, const char *where, const char *name)
{
    const struct oac_h5_attribute *a = oac_h5_find_attribute(page->file, where, name);
    return a && a->kind == OAC_H5_REALS && a->count == 1 ? a->values[0] : NAN;
}

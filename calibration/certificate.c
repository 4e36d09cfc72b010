/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/certificate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "calibration/certify.h"

#define WHERE "/certificate"

enum oac_status oac_certificate_put(const struct oac_certificate *certificate,
                                    struct oac_h5_writer *writer, struct oac_err *err)
{
#define PUT_TEXT(name, help)                                           \
    if (oac_h5_put_text(writer, WHERE, #name, certificate->name, err)) \
        return err->status;
    OAC_CERTIFICATE_TEXTS(PUT_TEXT)
#define PUT_REAL(name, unit, help)                                     \
    if (oac_h5_put_real(writer, WHERE, #name, certificate->name, err)) \
        return err->status;
    OAC_CERTIFICATE_REALS(PUT_REAL)
    return OAC_OK;
}

static enum oac_status get_text(const struct oac_h5_file *file, const char *name,
                                char text[OAC_CERTIFICATE_TEXT_BYTES], struct oac_err *err)
{
    const char *found;
    if (oac_h5_need_text(file, WHERE, name, &found, err))
        return err->status;
    if (strlen(found) >= OAC_CERTIFICATE_TEXT_BYTES)
        return oac_fail(err, OAC_EPARSE, "%s: " WHERE "/%s has %zu bytes, at most %u",
                        file->path, name, strlen(found), OAC_CERTIFICATE_TEXT_BYTES - 1);
    snprintf(text, OAC_CERTIFICATE_TEXT_BYTES, "%s", found);
    return OAC_OK;
}

/* What no certificate can say: a probability outside 0..1, half an image. */
static enum oac_status check(const struct oac_h5_file *file, const struct oac_certificate *c,
                             struct oac_err *err)
{
    const double whole[] = {c->right, c->wrong, c->calibration_right, c->calibration_wrong,
                            c->repeats};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (!(whole[i] == floor(whole[i]) && whole[i] < 1e15))
            return oac_fail(err, OAC_EPARSE, "%s: " WHERE " counts %g of something", file->path,
                            whole[i]);
    const double share[] = {c->target, c->confidence, c->alpha};
    for (size_t i = 0; i < sizeof share / sizeof share[0]; i++)
        if (!(share[i] > 0.0 && share[i] < 1.0))
            return oac_fail(err, OAC_EPARSE,
                            "%s: " WHERE " states a target, confidence or alpha of %g, not "
                            "between 0 and 1",
                            file->path, share[i]);
    if (!(c->tolerated >= 0.0 && c->tolerated < 1.0))
        return oac_fail(err, OAC_EPARSE, "%s: " WHERE " tolerates a change of %g, not 0 to 1",
                        file->path, c->tolerated);
    return OAC_OK;
}

enum oac_status oac_certificate_get(const struct oac_h5_file *file,
                                    struct oac_certificate *certificate, struct oac_err *err)
{
    struct oac_certificate c = {0};
    if (!oac_h5_find_text(file, WHERE, "verdict"))
        return oac_fail(err, OAC_ENOTFOUND,
                        "%s holds no certificate: it was calibrated without a target; run oac "
                        "calibrate with --model, --data and --target-accuracy",
                        file->path);
#define GET_TEXT(name, help)                \
    if (get_text(file, #name, c.name, err)) \
        return err->status;
    OAC_CERTIFICATE_TEXTS(GET_TEXT)
#define GET_REAL(name, unit, help)                                     \
    if (oac_h5_need_real(file, WHERE, #name, 0.0, 1e30, &c.name, err)) \
        return err->status;
    OAC_CERTIFICATE_REALS(GET_REAL)
    if (check(file, &c, err))
        return err->status;
    *certificate = c;
    return OAC_OK;
}

double oac_certificate_bound(const struct oac_certificate *c)
{
    const struct oac_certify_count other = {(size_t)c->calibration_right,
                                            (size_t)c->calibration_wrong};
    const struct oac_certify_count count = {(size_t)c->right, (size_t)c->wrong};
    return oac_certify_lower_bound(oac_certify_prior_from(other), c->alpha, count);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/mzm.h"

#include <math.h>

#include "base/constants.h"
#include "base/units.h"
#include "sim/rig.h"

struct oac_mzm oac_mzm_from_rig(const struct oac_rig_modulator *modulator, double vpi_scale,
                                double bias_error_v)
{
    return (struct oac_mzm){
        .vpi_v = modulator->vpi_v * vpi_scale,
        .vpeak_v = modulator->bias_v + bias_error_v,
        .r = oac_linear_loss_from_db(modulator->er_db),
        .t_on = oac_linear_loss_from_db(modulator->il_db),
        .chirp = modulator->chirp,
    };
}

double oac_mzm_transmission(const struct oac_mzm *mzm, double v_v)
{
    double c = cos(0.5 * OAC_PI * (v_v - mzm->vpeak_v) / mzm->vpi_v);
    return mzm->t_on * (mzm->r + (1.0 - mzm->r) * c * c);
}

double oac_mzm_complement(const struct oac_mzm *mzm, double v_v)
{
    return mzm->t_on * (1.0 + mzm->r) - oac_mzm_transmission(mzm, v_v);
}

void oac_mzm_field(const struct oac_mzm *mzm, double v_v, double complex *first,
                   double complex *second)
{
    double phase = 0.5 * OAC_PI * (v_v - mzm->vpeak_v) / mzm->vpi_v;
    double c = cos(phase), s = sin(phase), residue = sqrt(mzm->r);
    double complex common = sqrt(mzm->t_on) * cexp(I * mzm->chirp * phase);
    *first = common * (c + I * residue * s);
    if (second)
        *second = common * (s - I * residue * c);
}

void oac_mzm_drive_moments(const struct oac_mzm *mzm, double v_v, double sigma_v, double *mean,
                           double *variance)
{
    double theta = OAC_PI * (v_v - mzm->vpeak_v) / mzm->vpi_v;
    double s = OAC_PI * sigma_v / mzm->vpi_v;
    double swing = 0.5 * (1.0 - mzm->r);
    *mean = mzm->t_on * (mzm->r + swing * (1.0 + cos(theta) * exp(-0.5 * s * s)));
    /* The header's expression with a = e^{-s^2}, rearranged so that nothing cancels at small s:
     * (1-a) [ (1-a)/2 + a sin^2 theta ]. */
    double lost = -expm1(-s * s);
    double sine = sin(theta);
    double scale = mzm->t_on * swing;
    *variance = scale * scale * lost * (0.5 * lost + (1.0 - lost) * sine * sine);
}

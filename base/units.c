/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/units.h"

#include <math.h>

#include "base/constants.h"

double oac_power_ratio_from_db(double ratio_db)
{
    return pow(10.0, ratio_db / 10.0);
}

double oac_field_ratio_from_db(double ratio_db)
{
    return pow(10.0, ratio_db / 20.0);
}

double oac_db_from_power_ratio(double ratio)
{
    return 10.0 * log10(ratio);
}

double oac_watts_from_dbm(double power_dbm)
{
    return 1e-3 * oac_power_ratio_from_db(power_dbm);
}

double oac_dbm_from_watts(double power_w)
{
    return oac_db_from_power_ratio(power_w / 1e-3);
}

double oac_photon_energy_j(double frequency_hz)
{
    return OAC_PLANCK_J_S * frequency_hz;
}

double oac_wavelength_m_from_hz(double frequency_hz)
{
    return OAC_LIGHT_SPEED_M_PER_S / frequency_hz;
}

double oac_linear_loss_from_db(double loss_db)
{
    return oac_power_ratio_from_db(-loss_db);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unit conversions, power and field apart. dB only in parameters and reports; linear inside. */
#ifndef OAC_BASE_UNITS_H
#define OAC_BASE_UNITS_H

double oac_power_ratio_from_db(double ratio_db); /* 10^(dB/10) */
double oac_field_ratio_from_db(double ratio_db); /* 10^(dB/20) */
double oac_db_from_power_ratio(double ratio);
double oac_watts_from_dbm(double power_dbm);
double oac_dbm_from_watts(double power_w);
double oac_photon_energy_j(double frequency_hz); /* h nu */
double oac_wavelength_m_from_hz(double frequency_hz);
double
oac_linear_loss_from_db(double loss_db); /* transmission 10^(-loss/10) of a positive loss */

#endif

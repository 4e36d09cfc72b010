# SPDX-License-Identifier: GPL-3.0-or-later
# Third-party packages, each fenced into one folder (docs/architecture.md says why each was chosen).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)        # base/config
pkg_check_modules(hdf5 REQUIRED IMPORTED_TARGET hdf5)            # base/h5
pkg_check_modules(crypto REQUIRED IMPORTED_TARGET libcrypto)     # base/digest
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET zlib)            # models/dataset
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)         # models/fetch
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson)      # experiments: JSON results
pkg_check_modules(fftw REQUIRED IMPORTED_TARGET fftw3)           # base/fft
pkg_check_modules(fftwf REQUIRED IMPORTED_TARGET fftw3f)
pkg_check_modules(gsl REQUIRED IMPORTED_TARGET gsl)                # calibration
pkg_check_modules(iio IMPORTED_TARGET libiio)                    # driver/iio: lab hardware, optional

# Misra1a of NIST's reference data for nonlinear regression (public domain): the columns of the CSV file become vectors.
# At the first start the gradient of the mean square is far from 0.
cd "$(dirname "$0")" || exit
bpcli grad "mean((y - b1*(1 - exp(-b2*x)))**2)" --at misra1a.csv --set b1=500 --set b2=1e-4 --with-respect-to b1,b2

# At the certified parameters nothing is left of it but the rounding of the data.
bpcli grad "mean((y - b1*(1 - exp(-b2*x)))**2)" --at misra1a.csv --set b1=238.94212918 --set b2=5.5015643181e-4 \
    --with-respect-to b1,b2 --output-format csv

# The Black-Scholes price of a call, from a file; its gradient is the Greeks: delta, rho, vega and theta with its sign
# turned (Black & Scholes 1973).
cd "$(dirname "$0")" || exit
bpcli grad @black-scholes.txt --at black-scholes.toml --with-respect-to S,r,sigma,T --output-format csv

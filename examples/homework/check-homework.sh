# A homework of ten problems checks itself, one student learns where to look, and a class becomes a table.
bpcli check backpropagation.toml
echo
bpcli check backpropagation.toml --answers-from submissions/bob.toml --release-to student --hint-level kind
echo "exit code $?"
echo
bpcli check backpropagation.toml --answers-from submissions

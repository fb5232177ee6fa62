# shellcheck shell=sh
# To be sourced, in the root of the repository: finds Rust and Node where toolchain.sh puts them.
for place in "$HOME/.cargo/bin" "$PWD/target/node/bin"; do
    case ":$PATH:" in
    *":$place:"*) ;;
    *) [ ! -d "$place" ] || PATH="$PATH:$place" ;;
    esac
done
export PATH

"""Generate the stubs of protos/: Python into hantrade/v1, JavaScript into examples/node/gen.

`gen_stubs.py` writes them, `gen_stubs.py --check` compares them with what is checked in and names what is stale
(exit 1). The JavaScript part needs the packages of examples/node; without them it is left out, with CI set refused.
"""

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTOS = sorted((ROOT / "protos").rglob("*.proto"))
PLUGIN = ROOT / "examples/node/node_modules/@bufbuild/protoc-gen-es"
# where it goes, and the files there that are generated
OUTPUTS = {"hantrade/v1": "*_pb2*", "examples/node/gen": "**/*_pb.*"}


def generate_python(into: Path) -> None:
    """Write hantrade/v1/*_pb2.py, .pyi and *_pb2_grpc.py below `into`. Raises SystemExit on a bad proto."""
    names = [str(path.relative_to(ROOT / "protos")) for path in PROTOS]
    outs = [f"--{kind}_out={into}" for kind in ("python", "pyi", "grpc_python")]
    done = subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", "-I", "protos", *outs, *names], cwd=ROOT, check=False
    )
    if done.returncode:
        raise SystemExit("protoc refused the contract")


def generate_node(into: Path) -> bool:
    """Write examples/node/gen below `into`; tell whether it could be done. Raises SystemExit where it must be done."""
    if not (PLUGIN.exists() and shutil.which("node")):
        if os.environ.get("CI"):
            raise SystemExit("examples/node has no packages: run tools/setup_node.sh")
        return False
    buf = Path(sys.executable).parent / "buf"
    done = subprocess.run(
        [str(buf), "generate", "--template", "examples/node/buf.gen.yaml", "--output", str(into)], cwd=ROOT, check=False
    )
    if done.returncode:
        raise SystemExit("buf generate failed")
    return True


def stale(made: Path, kept: Path) -> list[str]:
    """Name the generated files that differ between the tree just made and the tree checked in."""
    wrong: list[str] = []
    for folder, pattern in OUTPUTS.items():
        if not (made / folder).exists():
            continue
        names = {
            path.relative_to(tree)
            for tree in (made, kept)
            for path in (tree / folder).glob(pattern)
            if "__pycache__" not in path.parts
        }
        for name in sorted(names):
            both = (made / name).is_file() and (kept / name).is_file()
            if not both or not filecmp.cmp(made / name, kept / name, shallow=False):
                wrong.append(str(name))
    return wrong


def main(arguments: list[str]) -> int:
    """Generate or check. Gives the exit code."""
    if "--check" not in arguments:
        for folder, pattern in OUTPUTS.items():
            if folder.startswith("examples") and not PLUGIN.exists():
                continue
            for path in (ROOT / folder).glob(pattern):
                if path.is_file():
                    path.unlink()
        generate_python(ROOT)
        if not generate_node(ROOT):
            print("examples/node/gen left as it is: its packages are not installed")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        generate_python(Path(folder))
        if not generate_node(Path(folder)):
            print("examples/node/gen not checked: its packages are not installed")
        wrong = stale(Path(folder), ROOT)
    for name in wrong:
        print(f"stale: {name} (run `make proto`)")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""install.ps1 read without a PowerShell: it parses, and calls, names and files in it are there.

What only a Windows PC can show (that each cmdlet does what its documentation says) is not proven here; docs/windows.md
says so.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell
from tree_sitter import Node

from broker_win import config_file

FOLDER = Path(__file__).parents[2] / "broker_win"
SCRIPTS = ("install.ps1", "install_checks.ps1")

# Cmdlets of Windows PowerShell 5.1 and the parameters used here, from memory: no PowerShell was there to ask.
CMDLETS = {
    "Copy-Item": "LiteralPath Destination Force",
    "Get-Acl": "LiteralPath",
    "Get-ChildItem": "LiteralPath Filter",
    "Get-CimInstance": "ClassName",
    "Get-FileHash": "LiteralPath Algorithm",
    "Get-Item": "LiteralPath",
    "Get-NetFirewallAddressFilter": "",
    "Get-NetFirewallPortFilter": "",
    "Get-NetFirewallRule": "Name ErrorAction",
    "Get-ScheduledTask": "TaskName ErrorAction",
    "Get-WinSystemLocale": "",
    "Join-Path": "",
    "New-Item": "ItemType Path Force",
    "New-NetFirewallRule": "Name DisplayName Direction Action Protocol LocalPort RemoteAddress Profile",
    "New-Object": "",
    "New-ScheduledTaskAction": "Execute Argument WorkingDirectory",
    "New-ScheduledTaskPrincipal": "UserId LogonType RunLevel",
    "New-ScheduledTaskSettingsSet": "ExecutionTimeLimit Priority MultipleInstances RestartCount RestartInterval "
    "AllowStartIfOnBatteries DontStopIfGoingOnBatteries",
    "New-ScheduledTaskTrigger": "AtLogOn User",
    "New-TimeSpan": "Minutes",
    "Out-Host": "",
    "Out-Null": "",
    "Register-ScheduledTask": "TaskName Action Trigger Principal Settings Force",
    "Remove-Item": "LiteralPath Recurse Force",
    "Remove-NetFirewallRule": "Name",
    "Select-String": "Pattern",
    "Set-StrictMode": "Version",
    "Split-Path": "Parent",
    "Test-Path": "LiteralPath",
    "Unregister-ScheduledTask": "TaskName Confirm",
    "Where-Object": "",
    "Write-Host": "ForegroundColor",
}
PROGRAMS = {"powercfg.exe"}  # called by name; others are handed to Invoke-Program
GIVEN = {"_", "true", "false", "null", "pscmdlet", "psscriptroot", "lastexitcode", "whatifpreference"}  # by PowerShell


class Script:
    """One script, parsed."""

    def __init__(self, text: str) -> None:
        """Parse it."""
        self.text = text
        parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
        self.root = parser.parse(text.encode()).root_node

    def nodes(self, kind: str, within: Node | None = None) -> Iterator[Node]:
        """Give the nodes of a kind, those inside a command of another command left out."""
        todo = [within or self.root]
        while todo:
            node = todo.pop()
            if node.type == kind:
                yield node
            if within is None or node is within or node.type != "command":
                todo.extend(reversed(node.children))

    def texts(self, kind: str, within: Node | None = None) -> list[str]:
        """Give their texts."""
        return [(node.text or b"").decode() for node in self.nodes(kind, within)]

    def broken(self) -> bool:
        """Tell whether something is not PowerShell."""
        return self.root.has_error

    def functions(self) -> set[str]:
        """Give the names of what is defined."""
        return set(self.texts("function_name"))

    def calls(self) -> list[tuple[str, list[str]]]:
        """Give what is called by name, with its parameters."""
        return [
            (self.texts("command_name", node)[0], self.texts("command_parameter", node))
            for node in self.nodes("command")
            if node.children[0].type == "command_name"
        ]


def script(name: str) -> Script:
    """Read one of the two."""
    return Script((FOLDER / name).read_text(encoding="ascii"))


def assigned(read: Script) -> set[str]:
    """Give the variables a script makes: assignments, parameters and loops; small letters, without scope."""
    left = " ".join(read.texts("left_assignment_expression"))
    found = {one.lower() for one in re.findall(r"\$(?:script:)?(\w+)", left)}
    found |= {one[1:].lower() for node in read.nodes("script_parameter") for one in read.texts("variable", node)[:1]}
    found |= {one.lower() for one in re.findall(r"foreach \(\$(\w+) in", read.text)}
    return found


@pytest.mark.parametrize("name", SCRIPTS)
def test_given_a_script_when_parsed_then_it_is_powershell_in_ascii(name: str) -> None:
    read = script(name)  # raises where a letter is not ASCII: PowerShell 5.1 would read it in the PC's code page
    assert not read.broken()
    assert all(len(line) <= 120 for line in read.text.splitlines())


@pytest.mark.parametrize(
    "break_it",
    [
        lambda text: text.replace("function Set-Power {", "function Set-Power", 1),
        lambda text: text.replace("if ($Uninstall) {", "if ($Uninstall {", 1),
        lambda text: text.replace("Join-Path $Folder 'venv32'", "Join-Path $Folder 'venv32", 1),
        lambda text: text.rsplit("}", 1)[0],
    ],
    ids=["brace", "bracket", "quote", "end"],
)
def test_given_a_broken_script_when_parsed_then_it_is_noticed(break_it: Callable[[str], str]) -> None:
    text = (FOLDER / "install.ps1").read_text(encoding="ascii")
    broken = break_it(text)
    assert broken != text
    assert Script(broken).broken()


def test_given_every_call_when_looked_up_then_it_is_ours_or_a_known_cmdlet_with_known_parameters() -> None:
    both = [script(name) for name in SCRIPTS]
    ours = set().union(*(one.functions() for one in both))
    calls = [call for one in both for call in one.calls()]
    assert len(calls) > 100
    unknown = {name for name, _ in calls} - ours - CMDLETS.keys() - PROGRAMS
    assert unknown == set()
    wrong = {
        f"{name} {parameter}"
        for name, parameters in calls
        if name in CMDLETS
        for parameter in parameters
        if parameter.strip("-:") not in CMDLETS[name].split()
    }
    assert wrong == set()
    assert ours - {name for name, _ in calls} == set()  # nothing is defined and forgotten


def test_given_strict_mode_when_variables_are_read_then_each_is_made_somewhere() -> None:
    both = [script(name) for name in SCRIPTS]
    made = set().union(*map(assigned, both)) | GIVEN
    for one in both:
        used = {text for text in one.texts("variable") if not text.lower().startswith(("$env:", "${env:"))}
        names = {re.sub(r"^[$@]\{?(script:)?|\}$", "", text).lower() for text in used}
        assert names - made == set()


def test_given_the_files_it_uses_when_looked_for_then_they_are_in_the_project() -> None:
    text = script("install.ps1").text
    for path in (r"requirements\windows.lock", r"broker_win\data\broker_win.example.toml", "install_checks.ps1"):
        assert f"'{path}'" in text
    root = FOLDER.parent
    assert (root / "requirements" / "windows.lock").exists()
    assert root / "broker_win" / "data" / "broker_win.example.toml" == config_file.EXAMPLE


def test_given_the_lines_it_fills_in_when_looked_for_then_the_template_has_each_once(tmp_path: Path) -> None:
    keys = re.findall(r"Set-TemplateLine \$text '(\w+)' (\S+)", script("install.ps1").text)
    assert [key for key, _ in keys] == ["port", "host", "ca", "cert", "key"]
    text = config_file.EXAMPLE.read_text(encoding="utf-8")
    values = {"port": "50061", "host": '"192.168.0.10"', "ca": '"certs/ca.pem"'}
    values |= {"cert": '"certs/office.pem"', "key": '"certs/office.key"'}
    for key, value in values.items():
        text, count = re.subn(rf"(?m)^# {key} = \S+", f"{key} = {value}", text)
        assert count == 1, key
    path = tmp_path / config_file.FILE_NAME
    path.write_text(text, encoding="utf-8")
    settings = config_file.load(path)
    assert (settings.broker.host, settings.broker.port) == ("192.168.0.10", 50061)
    assert (settings.protection.ca, settings.protection.cert) == ("certs/ca.pem", "certs/office.pem")
    assert settings.protection.key == "certs/office.key"


def test_given_uninstall_when_read_then_configuration_and_order_journal_are_not_removed() -> None:
    text = script("install.ps1").text
    removed = re.search(r"foreach \(\$made in (.*)\) \{", text)
    assert removed is not None
    assert removed[1] == "$Venv, $Certs, (Join-Path $Folder 'tokens.toml')"

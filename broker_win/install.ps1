<#
.SYNOPSIS
Sets up the Windows broker of hantrade on this PC, step by step; safe to run again.

.DESCRIPTION
Each step says one of
  OK       it is as it should be
  changed  it was made so now (with -WhatIf: it would be)
  YOU      a person must do this; run the script again afterwards
The whole way, with every window you will meet: docs/windows.md (docs/windows.ko.md in Korean).
This file holds ASCII only: Windows PowerShell 5.1 reads a script without a mark in the code page of the system.

.PARAMETER Folder
Where configuration, certificates, the order journal and the Python environment live.
.PARAMETER Source
The project's folder (a clone or an unpacked archive); by default the one this script lies in.
.PARAMETER Python
python.exe of a 32-bit Python 3.11; by default the one the registry names.
.PARAMETER Address
Address of this PC at which the trader calls. Without it the broker listens to this PC alone.
.PARAMETER Trader
Address of the machine the trader runs on, the only one that is let through the firewall.
.PARAMETER Port
Port of the broker.
.PARAMETER Certificates
Folder, a USB stick for instance, with what `hantrade certs` made on the trader's machine:
ca.pem, NAME.pem, NAME.key and tokens.toml. They are copied.
.PARAMETER User
Who is logged on when the broker runs. By default whoever runs this script.
.PARAMETER TaskName
Name of the scheduled task.
.PARAMETER Uninstall
Removes the task, the firewall rule, the environment and the certificates, and gives the sleep settings back.
Configuration and order journal stay.

.EXAMPLE
powershell -ExecutionPolicy Bypass -File install.ps1 -Address 192.168.0.10 -Trader 192.168.0.20 -Certificates E:\certs

.EXAMPLE
powershell -ExecutionPolicy Bypass -File install.ps1 -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string] $Folder = 'C:\hantrade',
    [string] $Source = '',
    [string] $Python = '',
    [string] $Address = '',
    [string] $Trader = '',
    [ValidateRange(1, 65535)]
    [int] $Port = 50051,
    [string] $Certificates = '',
    [string] $User = "$env:USERDOMAIN\$env:USERNAME",
    [string] $TaskName = 'hantrade broker',
    [switch] $Uninstall
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$RuleName = 'hantrade-broker'
$Venv = Join-Path $Folder 'venv32'
$VenvPython = Join-Path $Venv 'Scripts\python.exe'
$LockStamp = Join-Path $Venv 'windows.lock.sha256'
$Config = Join-Path $Folder 'broker_win.toml'
$Certs = Join-Path $Folder 'certs'
$SleepBefore = Join-Path $Folder 'sleep-before.txt'
if ($Source -eq '') {
    $Source = Split-Path -Parent $PSScriptRoot
}
$Source = $Source.TrimEnd('\') # behind a blank in the path it would take the closing quote with it
$Lock = Join-Path $Source 'requirements\windows.lock'
$Template = Join-Path $Source 'broker_win\data\broker_win.example.toml'
$Cmdlet = $PSCmdlet
$script:LeftToDo = 0 # counted by Write-ToDo
. (Join-Path $PSScriptRoot 'install_checks.ps1')

# ---- what the steps are made of -----------------------------------------------------------------------------------

# Makes one change, unless -WhatIf.
function Invoke-Change([string] $What, [scriptblock] $Do) {
    if ($Cmdlet.ShouldProcess($What)) {
        & $Do
        Write-Host "changed  $What" -ForegroundColor Green
    }
}

# Runs a program; its exit code decides. What it says is shown and not taken for a result.
function Invoke-Program([string] $File, [string[]] $Arguments) {
    & $File @Arguments | Out-Host
    if ($LASTEXITCODE -ne 0) {
        throw "$File ended with $LASTEXITCODE"
    }
}

function Test-SameFile([string] $One, [string] $Other) {
    if (-not ((Test-Path -LiteralPath $One) -and (Test-Path -LiteralPath $Other))) {
        return $false
    }
    return (Get-FileHash -LiteralPath $One).Hash -eq (Get-FileHash -LiteralPath $Other).Hash
}

function Test-Administrator {
    $identity = New-Object Security.Principal.WindowsPrincipal([Security.Principal.WindowsIdentity]::GetCurrent())
    return $identity.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Get-BrokerTask {
    return Get-ScheduledTask -TaskName $TaskName -ErrorAction SilentlyContinue
}

# ---- steps that make something ------------------------------------------------------------------------------------

function Install-Environment([string] $FoundPython) {
    if (Test-Path -LiteralPath $VenvPython) {
        Write-Ok "environment $Venv"
    } elseif ($FoundPython -eq '') {
        return
    } else {
        Invoke-Change "environment $Venv" { Invoke-Program $FoundPython @('-m', 'venv', $Venv) }
    }
    $pip = @('-m', 'pip', '--disable-pip-version-check', '--no-input', 'install', '--no-deps')
    $wanted = (Get-FileHash -LiteralPath $Lock -Algorithm SHA256).Hash
    $have = ''
    if (Test-Path -LiteralPath $LockStamp) {
        $have = [IO.File]::ReadAllText($LockStamp).Trim()
    }
    if ($have -eq $wanted) {
        Write-Ok 'packages are those of windows.lock'
    } else {
        Invoke-Change 'packages of windows.lock, each with its hash' {
            Invoke-Program $VenvPython ($pip + @('--require-hashes', '--only-binary=:all:', '-r', $Lock))
            [IO.File]::WriteAllText($LockStamp, $wanted)
        }
    }
    # Always anew: the version number does not tell whether the project's files have changed.
    Invoke-Change "hantrade, from $Source" {
        Invoke-Program $VenvPython ($pip + @('--no-index', '--no-build-isolation', '--force-reinstall', $Source))
    }
}

function Copy-Certificates {
    $names = @()
    if ($Certificates -ne '') {
        $keys = @(Get-ChildItem -LiteralPath $Certificates -Filter '*.key' | Where-Object { $_.Name -ne 'ca.key' })
        if ($keys.Count -ne 1) {
            throw "one NAME.key (besides ca.key) is expected in $Certificates, there are $($keys.Count)"
        }
        $names = @('ca.pem', "$($keys[0].BaseName).pem", $keys[0].Name)
        foreach ($name in $names + 'tokens.toml') {
            $from = Join-Path $Certificates $name
            if (-not (Test-Path -LiteralPath $from)) {
                throw "$from is missing; 'hantrade certs' on the trader's machine makes it (docs/windows.md)"
            }
        }
        if (Test-Path -LiteralPath (Join-Path $Certificates 'ca.key')) {
            Write-ToDo "ca.key lies in $Certificates; it is needed on no PC: keep it elsewhere, delete it there"
        }
    } elseif ($Address -ne '' -and -not (Test-Path -LiteralPath (Join-Path $Certs 'ca.pem'))) {
        Write-ToDo ('certificates are missing. On the trader''s machine: hantrade certs init; hantrade certs server ' +
            "office --host $Address; hantrade certs token trader --role trader. Bring ca.pem, office.pem, " +
            'office.key and tokens.toml here in one folder and run again with -Certificates FOLDER')
    }
    if (-not (Test-Path -LiteralPath $Certs)) {
        Invoke-Change "folder $Certs" { New-Item -ItemType Directory -Path $Certs -Force | Out-Null }
    }
    # Before any key is in it: for the user, the system and administrators alone (the last two by fixed numbers).
    if ((Test-Path -LiteralPath $Certs) -and (Get-Acl -LiteralPath $Certs).AreAccessRulesProtected) {
        Write-Ok "$Certs is closed to others"
    } else {
        Invoke-Change "$Certs closed to others" {
            Invoke-Program 'icacls.exe' @($Certs, '/inheritance:r', '/grant:r', "${User}:(OI)(CI)F",
                '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F')
        }
    }
    foreach ($name in $names) {
        Copy-OneFile (Join-Path $Certificates $name) (Join-Path $Certs $name)
    }
    if ($names.Count -gt 0) {
        Copy-OneFile (Join-Path $Certificates 'tokens.toml') (Join-Path $Folder 'tokens.toml')
    }
}

function Copy-OneFile([string] $From, [string] $To) {
    if (Test-SameFile $From $To) {
        Write-Ok $To
    } else {
        Invoke-Change $To { Copy-Item -LiteralPath $From -Destination $To -Force }
    }
}

# Puts a value in place of a line of the template that is a comment; throws when the template has no such line.
function Set-TemplateLine([string] $Text, [string] $Key, [string] $Value) {
    $pattern = "(?m)^# $Key = \S+"
    if ($Text -notmatch $pattern) {
        throw "$Template has no line '# $Key = ...'"
    }
    return $Text -replace $pattern, "$Key = $Value"
}

function Write-Configuration {
    if (Test-Path -LiteralPath $Config) {
        & $VenvPython -m broker_win check-config --config $Config | Out-Host
        if ($LASTEXITCODE -eq 0) {
            $text = [IO.File]::ReadAllText($Config)
            if ($Address -ne '' -and -not $text.Contains('host = "' + $Address + '"')) {
                Write-ToDo "set host to $Address in [broker] of $Config, which is not overwritten"
            } else {
                Write-Ok "$Config stays as it is"
            }
        } else {
            Write-ToDo "mend $Config, as said above"
        }
        return
    }
    $keys = @()
    if (Test-Path -LiteralPath $Certs) {
        $keys = @(Get-ChildItem -LiteralPath $Certs -Filter '*.key')
    }
    if ($Address -ne '' -and $keys.Count -ne 1) {
        Write-Host "         $Config is written once the certificates are there"
        return
    }
    Invoke-Change "$Config, from the template" {
        $text = [IO.File]::ReadAllText($Template)
        if ($Port -ne 50051) {
            $text = Set-TemplateLine $text 'port' "$Port"
        }
        if ($Address -ne '') {
            $name = $keys[0].BaseName
            $text = Set-TemplateLine $text 'host' """$Address"""
            $text = Set-TemplateLine $text 'ca' '"certs/ca.pem"'
            $text = Set-TemplateLine $text 'cert' """certs/$name.pem"""
            $text = Set-TemplateLine $text 'key' """certs/$name.key"""
        }
        [IO.File]::WriteAllText($Config, $text)
    }
    Write-ToDo "read $Config and set server_kind and account; then run this script again"
}

function Set-Firewall {
    $rule = Get-NetFirewallRule -Name $RuleName -ErrorAction SilentlyContinue
    if ($Trader -eq '') {
        if ($null -eq $rule) {
            Write-Ok 'no firewall rule: the trader runs on this PC (else run again with -Trader ADDRESS)'
        } else {
            Write-Ok "firewall rule $RuleName stays as it is"
        }
        return
    }
    if ($null -ne $rule) {
        $ports = @(($rule | Get-NetFirewallPortFilter).LocalPort)
        $remotes = @(($rule | Get-NetFirewallAddressFilter).RemoteAddress)
        if ("$ports" -eq "$Port" -and "$remotes" -eq $Trader -and "$($rule.Enabled)" -eq 'True') {
            Write-Ok "firewall: port $Port is open to $Trader alone"
            return
        }
    }
    Invoke-Change "firewall: port $Port open to $Trader alone" {
        if ($null -ne $rule) {
            Remove-NetFirewallRule -Name $RuleName
        }
        New-NetFirewallRule -Name $RuleName -DisplayName 'hantrade broker' -Direction Inbound -Action Allow `
            -Protocol TCP -LocalPort $Port -RemoteAddress $Trader -Profile Any | Out-Null
    }
}

function Set-Task {
    $arguments = "-m broker_win serve --config ""$Config"""
    $task = Get-BrokerTask
    if ($null -ne $task) {
        $action = @($task.Actions)[0]
        if ($action.Execute -eq $VenvPython -and $action.Arguments -eq $arguments -and
            "$($task.Principal.RunLevel)" -eq 'Highest' -and "$($task.State)" -ne 'Disabled') {
            Write-Ok "scheduled task '$TaskName' starts the broker when its user logs on"
            return
        }
    }
    Invoke-Change "scheduled task '$TaskName', at log-on of $User, with highest privileges" {
        # Highest: whoever clicks Kiwoom's windows away needs as many rights as they have.
        $action = New-ScheduledTaskAction -Execute $VenvPython -Argument $arguments -WorkingDirectory $Folder
        $trigger = New-ScheduledTaskTrigger -AtLogOn -User $User
        $trigger.Delay = 'PT30S'
        $principal = New-ScheduledTaskPrincipal -UserId $User -LogonType Interactive -RunLevel Highest
        # No time limit; normal priority (a task's own is below normal); never two at a time.
        $settings = New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) -Priority 4 `
            -MultipleInstances IgnoreNew -RestartCount 3 -RestartInterval (New-TimeSpan -Minutes 1) `
            -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries
        Register-ScheduledTask -TaskName $TaskName -Action $action -Trigger $trigger -Principal $principal `
            -Settings $settings -Force | Out-Null
    }
}

# Gives the seconds after which the plugged-in PC does this by itself, -1 where Windows does not tell.
# The words of powercfg are translated, its numbers are not: the last but one is the value on mains.
function Get-SleepSeconds([string] $Setting) {
    $found = @(& powercfg.exe /query SCHEME_CURRENT SUB_SLEEP $Setting | Select-String -Pattern '0x[0-9a-fA-F]{8}')
    if ($found.Count -lt 2) {
        return -1
    }
    return [Convert]::ToInt32($found[-2].Matches[0].Value, 16)
}

function Set-SleepSeconds([string] $Setting, [int] $Seconds) {
    Invoke-Program 'powercfg.exe' @('/setacvalueindex', 'SCHEME_CURRENT', 'SUB_SLEEP', $Setting, "$Seconds")
    Invoke-Program 'powercfg.exe' @('/setactive', 'SCHEME_CURRENT')
}

function Set-Power {
    foreach ($setting in 'STANDBYIDLE', 'HIBERNATEIDLE') {
        $seconds = Get-SleepSeconds $setting
        if ($seconds -eq 0) {
            Write-Ok "power: $setting is off while plugged in"
            continue
        }
        if ($seconds -lt 0) {
            Write-Ok "power: this PC has no $setting"
            continue
        }
        Invoke-Change "power: $setting off while plugged in (was $seconds s)" {
            [IO.File]::AppendAllText($SleepBefore, "$setting $seconds`r`n")
            Set-SleepSeconds $setting 0
        }
    }
}

# ---- taking it away -----------------------------------------------------------------------------------------------

function Remove-Everything {
    if ($null -ne (Get-BrokerTask)) {
        Invoke-Change "scheduled task '$TaskName' removed" {
            Unregister-ScheduledTask -TaskName $TaskName -Confirm:$false
        }
    }
    if ($null -ne (Get-NetFirewallRule -Name $RuleName -ErrorAction SilentlyContinue)) {
        Invoke-Change "firewall rule $RuleName removed" { Remove-NetFirewallRule -Name $RuleName }
    }
    if (Test-Path -LiteralPath $SleepBefore) {
        Invoke-Change 'sleep settings as they were' {
            foreach ($line in [IO.File]::ReadAllLines($SleepBefore)) {
                $setting, $seconds = $line.Split(' ')
                Set-SleepSeconds $setting ([int] $seconds)
            }
            Remove-Item -LiteralPath $SleepBefore
        }
    }
    foreach ($made in $Venv, $Certs, (Join-Path $Folder 'tokens.toml')) {
        if (Test-Path -LiteralPath $made) {
            Invoke-Change "$made removed" { Remove-Item -LiteralPath $made -Recurse -Force }
        }
    }
    Write-Host "         $Folder keeps the configuration and the order journal; Python and OpenAPI+ stay installed"
}

# ---- all of it ----------------------------------------------------------------------------------------------------

if (-not (Test-Administrator)) {
    if (-not $WhatIfPreference) {
        throw 'open PowerShell with "Run as administrator"; with -WhatIf it only looks, and any user may'
    }
    Write-ToDo 'this PowerShell is not an administrator''s; some steps cannot be looked at'
}
$running = Get-BrokerTask
if ($null -ne $running -and "$($running.State)" -eq 'Running') {
    throw "the broker runs. Outside market hours: Stop-ScheduledTask -TaskName '$TaskName'; then run this again"
}
if ($Uninstall) {
    Remove-Everything
    exit 0
}
foreach ($needed in $Lock, $Template) {
    if (-not (Test-Path -LiteralPath $needed)) {
        throw "$needed is missing: -Source must name the project's folder, it is $Source"
    }
}

Test-Windows
Test-OpenApi 'KHOPENAPI.KHOpenAPICtrl.1'
$foundPython = Find-Python $Python
if ($foundPython -eq '') {
    Write-ToDo ('a 32-bit Python 3.11 is missing: https://www.python.org/downloads/windows/, "Windows installer ' +
        '(32-bit)" of 3.11.9, the last with an installer; other versions may stay beside it')
} else {
    Write-Ok "32-bit Python 3.11: $foundPython"
}
if (-not (Test-Path -LiteralPath $Folder)) {
    Invoke-Change "folder $Folder" { New-Item -ItemType Directory -Path $Folder -Force | Out-Null }
}
Install-Environment $foundPython
Copy-Certificates
Set-Firewall
Set-Power
if (Test-Path -LiteralPath $VenvPython) {
    Write-Configuration
    if (Test-Path -LiteralPath $Config) {
        Set-Task
    }
} else {
    Write-Host '         configuration and scheduled task follow once the environment is there'
}
Show-Notes

if ($script:LeftToDo -gt 0) {
    Write-Host "$($script:LeftToDo) left for you to do, see the lines with YOU"
    exit 1
}
Write-Host "done. Start it: Start-ScheduledTask -TaskName '$TaskName'"
Write-Host "then look from the trader's machine: hantrade doctor --broker"

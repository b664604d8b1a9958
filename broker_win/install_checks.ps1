# The part of install.ps1 that only looks: what the PC, its Python and OpenAPI+ are like. Changes nothing.
# ASCII only: Windows PowerShell 5.1 reads a script without a mark in the code page of the system.

function Write-Ok([string] $What) {
    Write-Host "OK       $What"
}

function Write-ToDo([string] $What) {
    $script:LeftToDo += 1
    Write-Host "YOU      $What" -ForegroundColor Yellow
}

# Gives a value of the registry, '' where there is none. $Name '' is the default value of the key.
function Get-RegistryText([string] $Key, [string] $Name) {
    if (-not (Test-Path -LiteralPath $Key)) {
        return ''
    }
    return [string] (Get-Item -LiteralPath $Key).GetValue($Name, '')
}

function Test-Windows {
    $system = Get-CimInstance -ClassName Win32_OperatingSystem
    if ($system.ProductType -eq 1) {
        Write-Ok "$($system.Caption): a desktop edition"
    } else {
        Write-ToDo "$($system.Caption) is a server; Kiwoom supports OpenAPI+ on desktop editions of Windows only"
    }
    if ($env:PROCESSOR_ARCHITECTURE -eq 'ARM64' -or $env:PROCESSOR_ARCHITEW6432 -eq 'ARM64') {
        Write-ToDo 'this is Windows on ARM: some report that OpenAPI+ runs, its security modules may not; prefer a PC'
    }
    $locale = (Get-WinSystemLocale).Name
    if ($locale -eq 'ko-KR') {
        Write-Ok 'the system locale is Korean'
    } else {
        Write-ToDo "the system locale is $locale; run 'Set-WinSystemLocale ko-KR' as administrator and restart Windows"
    }
    $codePage = Get-RegistryText 'HKLM:\SYSTEM\CurrentControlSet\Control\Nls\CodePage' 'ACP'
    if ($codePage -eq '65001') {
        Write-ToDo 'Region > Administrative > Change system locale: untick "Beta: Use Unicode UTF-8", restart Windows'
    }
}

# Gives the python.exe of a 32-bit Python 3.11, '' where there is none. $Given is looked at alone.
function Find-Python([string] $Given) {
    $keys = 'HKCU:\SOFTWARE\Python\PythonCore\3.11-32\InstallPath',
        'HKLM:\SOFTWARE\WOW6432Node\Python\PythonCore\3.11-32\InstallPath',
        'HKLM:\SOFTWARE\Python\PythonCore\3.11-32\InstallPath'
    $candidates = @($Given)
    if ($Given -eq '') {
        $candidates = @(foreach ($key in $keys) { Get-RegistryText $key 'ExecutablePath' })
    }
    foreach ($candidate in $candidates) {
        if ($candidate -ne '' -and (Test-Path -LiteralPath $candidate)) {
            $ask = "import struct, sys; print(8 * struct.calcsize('P'), sys.version_info[0], sys.version_info[1])"
            $said = & $candidate -c $ask
            if ($said -eq '32 3 11') {
                return $candidate
            }
            Write-Host "         $candidate says '$said', 32 bits and 3.11 are wanted ('32 3 11')"
        }
    }
    return ''
}

function Test-OpenApi([string] $ProgId) {
    $class = Get-RegistryText "Registry::HKEY_CLASSES_ROOT\$ProgId\CLSID" ''
    $file = ''
    if ($class -ne '') {
        $file = Get-RegistryText "Registry::HKEY_CLASSES_ROOT\WOW6432Node\CLSID\$class\InprocServer32" ''
        if ($file -eq '') {
            $file = Get-RegistryText "Registry::HKEY_CLASSES_ROOT\CLSID\$class\InprocServer32" ''
        }
    }
    if ($file -ne '' -and (Test-Path -LiteralPath $file)) {
        Write-Ok "OpenAPI+ is registered: $file"
    } elseif (Test-Path -LiteralPath 'C:\OpenAPI\khopenapi.ocx') {
        Write-ToDo ('OpenAPI+ is installed and not registered; as administrator: ' +
            "$env:SystemRoot\SysWOW64\regsvr32.exe C:\OpenAPI\khopenapi.ocx")
    } else {
        Write-ToDo ("OpenAPI+ is not registered ($ProgId): install the OpenAPI+ module from Kiwoom's site; if it is " +
            "installed elsewhere, as administrator: $env:SystemRoot\SysWOW64\regsvr32.exe FOLDER\khopenapi.ocx")
    }
}

# Things of a person's taste: told, not changed.
function Show-Notes {
    $policy = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'
    $idle = Get-RegistryText $policy 'InactivityTimeoutSecs'
    if ($idle -ne '' -and $idle -ne '0') {
        Write-ToDo "a policy locks the screen after $idle s; OpenAPI+ behind a locked screen is not confirmed to work"
    }
    $desktop = 'HKCU:\Control Panel\Desktop'
    $saver = (Get-RegistryText $desktop 'ScreenSaveActive') -eq '1' -and
        (Get-RegistryText $desktop 'SCRNSAVE.EXE') -ne ''
    if ($saver -and (Get-RegistryText $desktop 'ScreenSaverIsSecure') -eq '1') {
        Write-ToDo 'the screen saver locks the screen; switch it off in the settings of the lock screen'
    } else {
        Write-Ok 'no screen saver locks the screen'
    }
    $hours = 'HKLM:\SOFTWARE\Microsoft\WindowsUpdate\UX\Settings'
    $from = Get-RegistryText $hours 'ActiveHoursStart'
    $until = Get-RegistryText $hours 'ActiveHoursEnd'
    if ($from -match '^\d+$' -and $until -match '^\d+$' -and [int] $from -le 7 -and [int] $until -ge 21) {
        Write-Ok "Windows Update does not restart the PC from $from to $until o'clock"
    } else {
        Write-ToDo ('set the active hours of Windows Update to 7-21 or wider (Settings > Windows Update > Active ' +
            "hours); now: '$from' to '$until'")
    }
}

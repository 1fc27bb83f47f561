; The installer for Windows, per user and without elevation. The Makefile defines VERSION, NUMBERS, PROGRAMS, ICON and
; OUT.
;   ACEN-Desktop-VERSION-setup.exe /S [/D=FOLDER]   installs or upgrades without a window
;   uninstall.exe /S [/REMOVE-DATA]                 removes the app, and the person's data only with /REMOVE-DATA
; The uninstaller removes the data with acen.exe --forget-everything, which also removes sessions from Credential Manager.
; If that fails, the data folder stays, because unsent tasks may be in it. Removal codes that are not handed in are in
; $LOCALAPPDATA\acen\licenses, which is never removed.
; Exit status 3 means that the app is running and nothing was changed.
Target amd64-unicode
Unicode true
SetCompressor /SOLID lzma
!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh

!define NAME "ACEN Desktop"
!define FILETYPE "acen.file"
!define CLASSES "Software\Classes"
!define LISTED "Software\Microsoft\Windows\CurrentVersion\Uninstall\${NAME}"
!define RUNNING 3
!define CODES_STAY 3 ; exit status of acen.exe --forget-everything

Name "${NAME}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\${NAME}"
InstallDirRegKey HKCU "${LISTED}" "InstallLocation"
RequestExecutionLevel user
ManifestDPIAware true
BrandingText "${NAME} ${VERSION}"
VIProductVersion "${NUMBERS}"
VIAddVersionKey ProductName "${NAME}"
VIAddVersionKey FileDescription "${NAME} installer"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey CompanyName "The ACEN Desktop authors"
VIAddVersionKey LegalCopyright "MIT License"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\acen.exe"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"
!insertmacro MUI_LANGUAGE "French"
!insertmacro MUI_LANGUAGE "Spanish"
!insertmacro MUI_LANGUAGE "Japanese"

!macro texts language running data left codes
  LangString RUNNING_TEXT ${LANG_${language}} "${running}"
  LangString DATA_TEXT ${LANG_${language}} "${data}"
  LangString LEFT_TEXT ${LANG_${language}} "${left}"
  LangString CODES_TEXT ${LANG_${language}} "${codes}"
!macroend
!insertmacro texts ENGLISH \
  "${NAME} is running. Close its window and try again." \
  "Remove your data of ${NAME}, too: accounts, last known tables and unsent tasks? Licenses that programs on this PC use stay." \
  "Not all of your data could be removed. Look in the folder $LOCALAPPDATA\acen-desktop, and in Credential Manager for entries that begin with “${NAME}:”." \
  "Licenses left this PC, and the license server does not know yet. Their removal codes stay in $LOCALAPPDATA\acen\licenses. Install ${NAME} again, sign in and choose Removal codes to hand them in."
!insertmacro texts GERMAN \
  "${NAME} läuft gerade. Schließen Sie das Fenster und versuchen Sie es noch einmal." \
  "Auch Ihre Daten von ${NAME} entfernen: Konten, zuletzt bekannte Tabellen und nicht gesendete Aufgaben? Lizenzen, die Programme auf diesem PC verwenden, bleiben." \
  "Nicht alle Ihre Daten ließen sich entfernen. Sehen Sie im Ordner $LOCALAPPDATA\acen-desktop nach, und in der Anmeldeinformationsverwaltung nach Einträgen, die mit „${NAME}:“ beginnen." \
  "Lizenzen haben diesen PC verlassen, und der Lizenzserver weiß es noch nicht. Ihre Entfernungscodes bleiben in $LOCALAPPDATA\acen\licenses. Installieren Sie ${NAME} wieder, melden Sie sich an und wählen Sie Entfernungscodes, um sie abzugeben."
!insertmacro texts FRENCH \
  "${NAME} est en cours d’exécution. Fermez sa fenêtre et réessayez." \
  "Supprimer aussi vos données de ${NAME} : comptes, derniers tableaux connus et tâches non envoyées ? Les licences utilisées par les programmes de ce PC restent." \
  "Toutes vos données n’ont pas pu être supprimées. Voyez le dossier $LOCALAPPDATA\acen-desktop, et dans le Gestionnaire d’identification les entrées qui commencent par « ${NAME}: »." \
  "Des licences ont quitté ce PC et le serveur de licences ne le sait pas encore. Leurs codes de retrait restent dans $LOCALAPPDATA\acen\licenses. Réinstallez ${NAME}, connectez-vous et choisissez Codes de retrait pour les remettre."
!insertmacro texts SPANISH \
  "${NAME} está en ejecución. Cierre su ventana e inténtelo de nuevo." \
  "¿Quitar también sus datos de ${NAME}: cuentas, últimas tablas conocidas y tareas no enviadas? Las licencias que usan los programas de este PC se quedan." \
  "No se han podido quitar todos sus datos. Mire en la carpeta $LOCALAPPDATA\acen-desktop, y busque en el Administrador de credenciales las entradas que empiezan por «${NAME}:»." \
  "Hay licencias que han dejado este PC y el servidor de licencias aún no lo sabe. Sus códigos de retirada se quedan en $LOCALAPPDATA\acen\licenses. Vuelva a instalar ${NAME}, inicie sesión y elija Códigos de retirada para entregarlos."
!insertmacro texts JAPANESE \
  "${NAME} が実行中です。ウィンドウを閉じてから、もう一度お試しください。" \
  "${NAME} のデータ（アカウント、最後に取得した一覧、未送信の処理）も削除しますか？ このPCのプログラムが使うライセンスは残ります。" \
  "一部のデータを削除できませんでした。フォルダー $LOCALAPPDATA\acen-desktop と、資格情報マネージャーで「${NAME}:」で始まる項目を確認してください。" \
  "このPCを離れたライセンスを、ライセンスサーバーはまだ知りません。その削除コードは $LOCALAPPDATA\acen\licenses に残ります。${NAME} を再びインストールしてサインインし、「削除コード」から引き渡してください。"

; A running program cannot be overwritten.
!macro refuseWhileRunning program
  ${If} ${FileExists} "$INSTDIR\${program}"
    ClearErrors
    FileOpen $0 "$INSTDIR\${program}" a
    ${If} ${Errors}
      MessageBox MB_OK|MB_ICONEXCLAMATION "$(RUNNING_TEXT)" /SD IDOK
      SetErrorLevel ${RUNNING}
      Quit
    ${EndIf}
    FileClose $0
  ${EndIf}
!macroend

; Notify Explorer of changed icons and associations.
!macro tellExplorer
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
!macroend

Section
  !insertmacro refuseWhileRunning acen.exe
  !insertmacro refuseWhileRunning acenctl.exe
  SetOutPath "$INSTDIR"
  File "${PROGRAMS}\acen.exe"
  File "${PROGRAMS}\acenctl.exe"
  File /oname=LICENSE.txt "${LICENSE}"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\acen.exe"

  WriteRegStr HKCU "${CLASSES}\${FILETYPE}" "" "ACEN license file"
  WriteRegStr HKCU "${CLASSES}\${FILETYPE}\DefaultIcon" "" '"$INSTDIR\acen.exe",0'
  WriteRegStr HKCU "${CLASSES}\${FILETYPE}\shell\open\command" "" '"$INSTDIR\acen.exe" "%1"'
  WriteRegStr HKCU "${CLASSES}\.acen" "" "${FILETYPE}"
  WriteRegStr HKCU "${CLASSES}\.acen" "Content Type" "application/vnd.acen.license"
  WriteRegStr HKCU "${CLASSES}\acen" "" "URL:ACEN link"
  WriteRegStr HKCU "${CLASSES}\acen" "URL Protocol" ""
  WriteRegStr HKCU "${CLASSES}\acen\DefaultIcon" "" '"$INSTDIR\acen.exe",0'
  WriteRegStr HKCU "${CLASSES}\acen\shell\open\command" "" '"$INSTDIR\acen.exe" "%1"'

  WriteRegStr HKCU "${LISTED}" "DisplayName" "${NAME}"
  WriteRegStr HKCU "${LISTED}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${LISTED}" "DisplayIcon" '"$INSTDIR\acen.exe"'
  WriteRegStr HKCU "${LISTED}" "Publisher" "The ACEN Desktop authors"
  WriteRegStr HKCU "${LISTED}" "URLInfoAbout" "${WEBSITE}"
  WriteRegStr HKCU "${LISTED}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${LISTED}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${LISTED}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${LISTED}" "NoModify" 1
  WriteRegDWORD HKCU "${LISTED}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKCU "${LISTED}" "EstimatedSize" $0
  !insertmacro tellExplorer
SectionEnd

Section Uninstall
  !insertmacro refuseWhileRunning acen.exe
  !insertmacro refuseWhileRunning acenctl.exe

  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/REMOVE-DATA" $1
  ${If} ${Errors}
    MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(DATA_TEXT)" /SD IDNO IDNO keep
  ${EndIf}
  ClearErrors
  ExecWait '"$INSTDIR\acen.exe" --forget-everything' $0
  ${If} ${Errors}
    StrCpy $0 1
  ${EndIf}
  ${If} $0 = 0
  ${OrIf} $0 = ${CODES_STAY}
    RMDir /r "$LOCALAPPDATA\acen-desktop"
  ${EndIf}
  ${If} $0 = ${CODES_STAY}
    MessageBox MB_OK|MB_ICONINFORMATION "$(CODES_TEXT)" /SD IDOK
  ${ElseIf} $0 <> 0
    MessageBox MB_OK|MB_ICONEXCLAMATION "$(LEFT_TEXT)" /SD IDOK
  ${EndIf}
  keep:

  Delete "$INSTDIR\acen.exe"
  Delete "$INSTDIR\acenctl.exe"
  Delete "$INSTDIR\LICENSE.txt"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\${NAME}.lnk"

  ; An association that another program has taken over stays.
  ReadRegStr $0 HKCU "${CLASSES}\.acen" ""
  ${If} $0 == "${FILETYPE}"
    DeleteRegKey HKCU "${CLASSES}\.acen"
  ${EndIf}
  DeleteRegKey HKCU "${CLASSES}\${FILETYPE}"
  ReadRegStr $0 HKCU "${CLASSES}\acen\shell\open\command" ""
  ${If} $0 == '"$INSTDIR\acen.exe" "%1"'
    DeleteRegKey HKCU "${CLASSES}\acen"
  ${EndIf}
  DeleteRegKey HKCU "${LISTED}"
  !insertmacro tellExplorer
SectionEnd

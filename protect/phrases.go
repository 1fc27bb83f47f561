package protect

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acen-desktop/acen/license"
)

// languages are the desktop app's languages, in the order of a phrase's texts. English is first.
var languages = [...]string{"en", "de", "fr", "es", "ja"}

// phrase is a text in all languages. Names in braces are placeholders for values.
type phrase [len(languages)]string

// in returns the text in a language with the placeholders replaced.
func (p phrase) in(language int, values ...string) string {
	if len(values) == 0 {
		return p[language]
	}
	return strings.NewReplacer(values...).Replace(p[language])
}

// languageOf returns the index of a language for a tag such as "de", "de-AT" or "de_AT.UTF-8"; English for any other.
func languageOf(tag string) int {
	if end := strings.IndexAny(tag, "-_.@"); end >= 0 {
		tag = tag[:end]
	}
	return max(0, slices.Index(languages[:], strings.ToLower(tag)))
}

// phrases are the phrases by name. It is a map so that a test can check that all are complete.
var phrases = map[string]phrase{
	"misbuilt": {
		"This program was built wrongly and cannot check its license; tell its vendor: {error}.",
		"Dieses Programm ist falsch gebaut und kann seine Lizenz nicht prüfen. Sagen Sie es dem Anbieter: {error}.",
		"Ce programme est mal construit et ne peut pas vérifier sa licence. Dites-le au fournisseur : {error}.",
		"Este programa está mal construido y no puede comprobar su licencia. Dígaselo al proveedor: {error}.",
		"このプログラムは正しくビルドされておらず、ライセンスを確認できません。販売元にお知らせください: {error}",
	},
	"no locks": {
		"The license of {program} could not be checked, because the locks of this PC could not be read: {error}. " +
			"Start the program again.",
		"Die Lizenz von {program} konnte nicht geprüft werden, weil die Merkmale dieses PCs nicht gelesen werden konnten: " +
			"{error}. Starten Sie das Programm noch einmal.",
		"La licence de {program} n’a pas pu être vérifiée, car les caractéristiques de ce PC n’ont pas pu être lues " +
			": {error}. Relancez le programme.",
		"No se pudo comprobar la licencia de {program}, porque no se pudieron leer las características de este PC: " +
			"{error}. Inicie el programa otra vez.",
		"このPCの特徴を読み取れなかったため、{program}のライセンスを確認できませんでした: {error}。プログラムをもう一度起動してください。",
	},
	"valid": {
		"{program} is licensed on this PC.",
		"{program} ist auf diesem PC lizenziert.",
		"{program} est sous licence sur ce PC.",
		"{program} tiene licencia en este PC.",
		"{program}はこのPCでライセンスされています。",
	},
	"valid, last day": {
		"{program} is licensed on this PC through {end}: its last day.",
		"{program} ist auf diesem PC bis {end} lizenziert: Heute ist der letzte Tag.",
		"{program} est sous licence sur ce PC jusqu’au {end} : c’est le dernier jour.",
		"{program} tiene licencia en este PC hasta el {end}: hoy es el último día.",
		"{program}はこのPCで{end}までライセンスされています。今日が最終日です。",
	},
	"valid, days": {
		"{program} is licensed on this PC through {end}: {days} days left.",
		"{program} ist auf diesem PC bis {end} lizenziert: noch {days} Tage.",
		"{program} est sous licence sur ce PC jusqu’au {end} : encore {days} jours.",
		"{program} tiene licencia en este PC hasta el {end}: quedan {days} días.",
		"{program}はこのPCで{end}までライセンスされています。残り{days}日です。",
	},
	"validation due": {
		"The license of {program} had to be confirmed by the vendor's server by {date}. Connect this PC to the network and " +
			"start the program again; without a network, get the license file anew with the ACEN Desktop app on another PC.",
		"Die Lizenz von {program} musste bis {date} vom Server des Anbieters bestätigt werden. Verbinden Sie diesen " +
			"PC mit dem Netzwerk und starten Sie das Programm noch einmal; ohne Netzwerk holen Sie die Lizenzdatei " +
			"neu mit der App ACEN Desktop auf einem anderen PC.",
		"La licence de {program} devait être confirmée par le serveur du fournisseur avant le {date}. Connectez ce " +
			"PC au réseau et relancez le programme ; sans réseau, obtenez de nouveau le fichier de licence avec " +
			"l’application ACEN Desktop sur un autre PC.",
		"El servidor del proveedor debía confirmar la licencia de {program} hasta el {date}. Conecte este PC a la " +
			"red e inicie el programa otra vez; sin red, obtenga de nuevo el archivo de licencia con la aplicación " +
			"ACEN Desktop en otro PC.",
		"{program}のライセンスは、{date}までに販売元のサーバーで確認される必要がありました。このPCをネットワークに接続して、プログラムをもう一度起動してください。" +
			"ネットワークがない場合は、別のPCのACEN Desktopアプリでライセンスファイルを取得し直してください。",
	},
	"clock": {
		"The clock of this PC is wrong: it tells {now}, but it has been {date} already. Set it right and start " +
			"{program} again. If it is right now, get the license file anew with the ACEN Desktop app.",
		"Die Uhr dieses PCs geht falsch: Sie zeigt {now}, aber es war schon {date}. Stellen Sie sie richtig und " +
			"starten Sie {program} noch einmal. Wenn sie jetzt richtig geht, holen Sie die Lizenzdatei neu mit der " +
			"App ACEN Desktop.",
		"L’horloge de ce PC est fausse : elle indique le {now}, mais le {date} est déjà passé. Réglez-la et relancez " +
			"{program}. Si elle est juste maintenant, obtenez de nouveau le fichier de licence avec l’application " +
			"ACEN Desktop.",
		"El reloj de este PC va mal: marca el {now}, pero ya fue el {date}. Póngalo en hora e inicie {program} otra vez. " +
			"Si ahora va bien, obtenga de nuevo el archivo de licencia con la aplicación ACEN Desktop.",
		"このPCの時計は正しくありません。{now}を示していますが、すでに{date}になったことがあります。時計を合わせて{program}をもう一度起動してください。" +
			"今の時計が正しい場合は、ACEN Desktopアプリでライセンスファイルを取得し直してください。",
	},
	"clock, typed": {
		"The clock of this PC is wrong: it tells {now}, but it has been {date} already. Set it right and start " +
			"{program} again. If it is right now, get a new activation code from the vendor.",
		"Die Uhr dieses PCs geht falsch: Sie zeigt {now}, aber es war schon {date}. Stellen Sie sie richtig und " +
			"starten Sie {program} noch einmal. Wenn sie jetzt richtig geht, bitten Sie den Anbieter um einen neuen " +
			"Aktivierungscode.",
		"L’horloge de ce PC est fausse : elle indique le {now}, mais le {date} est déjà passé. Réglez-la et relancez " +
			"{program}. Si elle est juste maintenant, demandez un nouveau code d’activation au fournisseur.",
		"El reloj de este PC va mal: marca el {now}, pero ya fue el {date}. Póngalo en hora e inicie {program} otra vez. " +
			"Si ahora va bien, pida un nuevo código de activación al proveedor.",
		"このPCの時計は正しくありません。{now}を示していますが、すでに{date}になったことがあります。時計を合わせて{program}をもう一度起動してください。" +
			"今の時計が正しい場合は、販売元から新しいアクティベーションコードを受け取ってください。",
	},
	"expired": {
		"The license of {program} ended on {end}. Renew it with the vendor, then get the license file anew with the " +
			"ACEN Desktop app.",
		"Die Lizenz von {program} endete am {end}. Verlängern Sie sie beim Anbieter und holen Sie dann die " +
			"Lizenzdatei neu mit der App ACEN Desktop.",
		"La licence de {program} a pris fin le {end}. Renouvelez-la auprès du fournisseur, puis obtenez de nouveau " +
			"le fichier de licence avec l’application ACEN Desktop.",
		"La licencia de {program} terminó el {end}. Renuévela con el proveedor y obtenga de nuevo el archivo de " +
			"licencia con la aplicación ACEN Desktop.",
		"{program}のライセンスは{end}に終了しました。販売元で更新してから、ACEN Desktopアプリでライセンスファイルを取得し直してください。",
	},
	"expired, typed": {
		"The activation code of {program} ended on {end}. Get a new one from the vendor.",
		"Der Aktivierungscode von {program} endete am {end}. Bitten Sie den Anbieter um einen neuen.",
		"Le code d’activation de {program} a pris fin le {end}. Demandez-en un nouveau au fournisseur.",
		"El código de activación de {program} terminó el {end}. Pida uno nuevo al proveedor.",
		"{program}のアクティベーションコードは{end}に終了しました。販売元から新しいものを受け取ってください。",
	},
	"ended": {
		"The vendor's server says that this license of {program} is no longer this PC's: it was removed, moved to " +
			"another PC or replaced. {activate}",
		"Der Server des Anbieters sagt, dass diese Lizenz von {program} nicht mehr zu diesem PC gehört: Sie wurde " +
			"entfernt, auf einen anderen PC übertragen oder ersetzt. {activate}",
		"Le serveur du fournisseur indique que cette licence de {program} n’est plus celle de ce PC : elle a été retirée, " +
			"transférée à un autre PC ou remplacée. {activate}",
		"El servidor del proveedor dice que esta licencia de {program} ya no es de este PC: se retiró, se trasladó a " +
			"otro PC o se sustituyó. {activate}",
		"販売元のサーバーによると、{program}のこのライセンスはもうこのPCのものではありません。削除、別のPCへの移動、または置き換えが行われました。{activate}",
	},
	"newer state": {
		"What this PC keeps about licenses of {program} was written by a newer version of the ACEN Desktop app or of " +
			"{program}, so this version cannot tell whether a license is here. Update {program}, then start it " +
			"again. The file {path} was left as it is.",
		"Was dieser PC über Lizenzen von {program} aufbewahrt, hat eine neuere Version der App ACEN Desktop oder von " +
			"{program} geschrieben. Diese Version kann deshalb nicht sagen, ob eine Lizenz hier ist. Aktualisieren " +
			"Sie {program} und starten Sie es dann noch einmal. Die Datei {path} blieb, wie sie ist.",
		"Ce que ce PC conserve sur les licences de {program} a été écrit par une version plus récente de " +
			"l’application ACEN Desktop ou de {program} ; cette version ne peut donc pas dire si une licence est " +
			"ici. Mettez {program} à jour, puis relancez-le. Le fichier {path} est resté tel quel.",
		"Lo que este PC guarda sobre las licencias de {program} lo escribió una versión más nueva de la aplicación " +
			"ACEN Desktop o de {program}, así que esta versión no puede saber si hay una licencia aquí. Actualice " +
			"{program} e inícielo otra vez. El archivo {path} quedó como estaba.",
		"{program}のライセンスについてこのPCに保存されている情報は、新しいバージョンのACEN Desktopアプリまたは{program}が書き込んだものです。そのため、" +
			"このバージョンではライセンスの有無を判断できません。{program}を更新してから、もう一度起動してください。ファイル {path} はそのまま残してあります。",
	},
	"unknown key": {
		"{File} was signed with a key that this version of {program} does not know; the vendor may have changed it. " +
			"Update {program}. If it is up to date already, get the license file anew with the ACEN Desktop app.",
		"{File} wurde mit einem Schlüssel unterschrieben, den diese Version von {program} nicht kennt; vielleicht " +
			"hat der Anbieter ihn geändert. Aktualisieren Sie {program}. Ist es schon aktuell, holen Sie die " +
			"Lizenzdatei neu mit der App ACEN Desktop.",
		"{File} a été signé avec une clé que cette version de {program} ne connaît pas ; le fournisseur l’a " +
			"peut-être changée. Mettez {program} à jour. S’il est déjà à jour, obtenez de nouveau le fichier de " +
			"licence avec l’application ACEN Desktop.",
		"{File} se firmó con una clave que esta versión de {program} no conoce; quizá el proveedor la cambió. " +
			"Actualice {program}. Si ya está al día, obtenga de nuevo el archivo de licencia con la aplicación ACEN " +
			"Desktop.",
		"{File}は、{program}のこのバージョンが知らない鍵で署名されています。販売元が鍵を変更した可能性があります。{program}を更新してください。" +
			"すでに最新の場合は、ACEN Desktopアプリでライセンスファイルを取得し直してください。",
	},
	"denied": {
		"{File} is here, but this account may not read it. Ask the administrator of this PC to let you read the " +
			"files in the folder {folder}, then start {program} again.",
		"{File} ist hier, aber dieses Konto darf sie nicht lesen. Bitten Sie den Administrator dieses PCs, Sie die " +
			"Dateien im Ordner {folder} lesen zu lassen, und starten Sie {program} dann noch einmal.",
		"{File} est ici, mais ce compte n’a pas le droit de le lire. Demandez à l’administrateur de ce PC de vous " +
			"laisser lire les fichiers du dossier {folder}, puis relancez {program}.",
		"{File} está aquí, pero esta cuenta no lo puede leer. Pida al administrador de este PC que le deje leer los " +
			"archivos de la carpeta {folder} e inicie {program} otra vez.",
		"{File}はここにありますが、このアカウントには読み取る権限がありません。フォルダー {folder} のファイルを読み取れるように、このPCの管理者に依頼してから、" +
			"{program}をもう一度起動してください。",
	},
	"denied folder": {
		"A license of {program} may lie in the folder {folder}, but this account may not read it. Ask the " +
			"administrator of this PC to let you read the folder, then start {program} again.",
		"Im Ordner {folder} kann eine Lizenz von {program} liegen, aber dieses Konto darf ihn nicht lesen. Bitten Sie den " +
			"Administrator dieses PCs, Sie den Ordner lesen zu lassen, und starten Sie {program} dann noch einmal.",
		"Une licence de {program} se trouve peut-être dans le dossier {folder}, mais ce compte n’a pas le droit de " +
			"le lire. Demandez à l’administrateur de ce PC de vous laisser lire le dossier, puis relancez {program}.",
		"En la carpeta {folder} puede haber una licencia de {program}, pero esta cuenta no la puede leer. Pida al " +
			"administrador de este PC que le deje leer la carpeta e inicie {program} otra vez.",
		"フォルダー {folder} に{program}のライセンスがある可能性がありますが、このアカウントには読み取る権限がありません。フォルダーを読み取れるように、" +
			"このPCの管理者に依頼してから、{program}をもう一度起動してください。",
	},
	"no home": {
		"Licenses of {program} cannot be found, because this account has no home folder: HOME is not set, or is not " +
			"an absolute path. Set it, then start {program} again.",
		"Lizenzen von {program} können nicht gefunden werden, weil dieses Konto keinen persönlichen Ordner hat: HOME " +
			"ist nicht gesetzt oder kein absoluter Pfad. Setzen Sie es und starten Sie {program} dann noch einmal.",
		"Les licences de {program} ne peuvent pas être trouvées, car ce compte n’a pas de dossier personnel : HOME " +
			"n’est pas défini, ou n’est pas un chemin absolu. Définissez-le, puis relancez {program}.",
		"No se pueden encontrar licencias de {program}, porque esta cuenta no tiene carpeta personal: HOME no está " +
			"definido o no es una ruta absoluta. Defínalo e inicie {program} otra vez.",
		"このアカウントにはホームフォルダーがないため、{program}のライセンスを見つけられません。HOMEが設定されていないか、絶対パスではありません。" +
			"設定してから、{program}をもう一度起動してください。",
	},
	"silent": {
		"The folder {folder}, where a license of {program} may lie, does not answer. It may be on a network drive " +
			"that cannot be reached. Connect this PC to it, then start {program} again.",
		"Der Ordner {folder}, in dem eine Lizenz von {program} liegen kann, antwortet nicht. Vielleicht ist er auf einem " +
			"Netzlaufwerk, das nicht erreichbar ist. Verbinden Sie diesen PC damit und starten Sie {program} dann noch einmal.",
		"Le dossier {folder}, où peut se trouver une licence de {program}, ne répond pas. Il est peut-être sur un " +
			"lecteur réseau inaccessible. Connectez-y ce PC, puis relancez {program}.",
		"La carpeta {folder}, donde puede haber una licencia de {program}, no responde. Quizá está en una unidad de " +
			"red a la que no se puede llegar. Conecte este PC a ella e inicie {program} otra vez.",
		"{program}のライセンスがある可能性のあるフォルダー {folder} が応答しません。接続できないネットワークドライブにある可能性があります。" +
			"このPCを接続してから、{program}をもう一度起動してください。",
	},
	"broken folder": {
		"The folder {folder}, where a license of {program} may lie, cannot be read: {error}.",
		"Der Ordner {folder}, in dem eine Lizenz von {program} liegen kann, kann nicht gelesen werden: {error}.",
		"Le dossier {folder}, où peut se trouver une licence de {program}, ne peut pas être lu : {error}.",
		"La carpeta {folder}, donde puede haber una licencia de {program}, no se puede leer: {error}.",
		"{program}のライセンスがある可能性のあるフォルダー {folder} を読み取れません: {error}",
	},
	"removed": {
		"The license of {program} was removed from this PC on {date}. {activate}",
		"Die Lizenz von {program} wurde am {date} von diesem PC entfernt. {activate}",
		"La licence de {program} a été retirée de ce PC le {date}. {activate}",
		"La licencia de {program} se retiró de este PC el {date}. {activate}",
		"{program}のライセンスは{date}にこのPCから削除されました。{activate}",
	},
	"back": {
		"Bring the license back to this PC with License reactivation in the ACEN Desktop app.",
		"Holen Sie die Lizenz mit „Lizenz-Reaktivierung“ in der App ACEN Desktop auf diesen PC zurück.",
		"Récupérez la licence sur ce PC avec « Réactivation de licence » dans l’application ACEN Desktop.",
		"Recupere la licencia en este PC con «Reactivación de licencia» en la aplicación ACEN Desktop.",
		"ACEN Desktopアプリの「ライセンスの再アクティベーション」で、ライセンスをこのPCに復旧してください。",
	},
	"wrong PC": {
		"The license of {program} is for another PC, or too much of this PC has changed. {reasons}{back}",
		"Die Lizenz von {program} ist für einen anderen PC, oder an diesem PC hat sich zu viel geändert. " +
			"{reasons}{back}",
		"La licence de {program} est pour un autre PC, ou ce PC a trop changé. {reasons}{back}",
		"La licencia de {program} es para otro PC, o este PC ha cambiado demasiado. {reasons}{back}",
		"{program}のライセンスは別のPC用か、このPCの変更が多すぎます。{reasons}{back}",
	},
	"wrong PC, typed": {
		"The activation code of {program} is for another PC, or too much of this PC has changed. {reasons}{back}",
		"Der Aktivierungscode von {program} ist für einen anderen PC, oder an diesem PC hat sich zu viel geändert. " +
			"{reasons}{back}",
		"Le code d’activation de {program} est pour un autre PC, ou ce PC a trop changé. {reasons}{back}",
		"El código de activación de {program} es para otro PC, o este PC ha cambiado demasiado. {reasons}{back}",
		"{program}のアクティベーションコードは別のPC用か、このPCの変更が多すぎます。{reasons}{back}",
	},
	"older version": {
		"{File} was made by an older trial version and is not valid any more. {activate}",
		"{File} wurde von einer älteren Testversion gemacht und gilt nicht mehr. {activate}",
		"{File} a été fait par une ancienne version d’essai et n’est plus valable. {activate}",
		"{File} se hizo con una versión de prueba anterior y ya no vale. {activate}",
		"{File}は古い試用版で作成されたもので、もう有効ではありません。{activate}",
	},
	"damaged": {
		"{File} is damaged, was changed, or cannot be read. Get it anew with the ACEN Desktop app.",
		"{File} ist beschädigt, wurde geändert oder kann nicht gelesen werden. Holen Sie sie neu mit der App ACEN Desktop.",
		"{File} est endommagé, a été modifié ou ne peut pas être lu. Obtenez-le de nouveau avec l’application ACEN Desktop.",
		"{File} está dañado, se cambió o no se puede leer. Obténgalo de nuevo con la aplicación ACEN Desktop.",
		"{File}は壊れているか、変更されているか、読み取れません。ACEN Desktopアプリで取得し直してください。",
	},
	"other program": {
		"{File} is for another program, or for a newer version of {program}. {activate}",
		"{File} ist für ein anderes Programm oder für eine neuere Version von {program}. {activate}",
		"{File} est pour un autre programme, ou pour une version plus récente de {program}. {activate}",
		"{File} es para otro programa o para una versión más nueva de {program}. {activate}",
		"{File}は別のプログラム用か、{program}の新しいバージョン用です。{activate}",
	},
	"no license": {
		"There is no license for {program} on this PC. {activate}",
		"Auf diesem PC ist keine Lizenz für {program}. {activate}",
		"Il n’y a pas de licence pour {program} sur ce PC. {activate}",
		"No hay ninguna licencia de {program} en este PC. {activate}",
		"このPCには{program}のライセンスがありません。{activate}",
	},
	"activate": {
		"Activate this PC in the ACEN Desktop app, or give the program a license file.",
		"Aktivieren Sie diesen PC in der App ACEN Desktop, oder geben Sie dem Programm eine Lizenzdatei.",
		"Activez ce PC dans l’application ACEN Desktop, ou donnez un fichier de licence au programme.",
		"Active este PC en la aplicación ACEN Desktop, o dé al programa un archivo de licencia.",
		"ACEN DesktopアプリでこのPCをアクティベーションするか、プログラムにライセンスファイルを渡してください。",
	},
	"activate, typed": {
		"Activate this PC in the ACEN Desktop app, or give the program a license file or an activation code.",
		"Aktivieren Sie diesen PC in der App ACEN Desktop, oder geben Sie dem Programm eine Lizenzdatei oder einen " +
			"Aktivierungscode.",
		"Activez ce PC dans l’application ACEN Desktop, ou donnez un fichier de licence ou un code d’activation au " +
			"programme.",
		"Active este PC en la aplicación ACEN Desktop, o dé al programa un archivo de licencia o un código de activación.",
		"ACEN DesktopアプリでこのPCをアクティベーションするか、プログラムにライセンスファイルまたはアクティベーションコードを渡してください。",
	},
	"file": {
		"The license file {path}",
		"Die Lizenzdatei {path}",
		"Le fichier de licence {path}",
		"El archivo de licencia {path}",
		"ライセンスファイル {path} ",
	},
	"given file": {
		"The license file that was given",
		"Die angegebene Lizenzdatei",
		"Le fichier de licence indiqué",
		"El archivo de licencia indicado",
		"指定されたライセンスファイル",
	},
	license.ReasonAnyDifference.Name(): {
		license.ReasonAnyDifference.String(),
		"Dieses Programm erlaubt keine Änderung am PC.",
		"Ce programme n’autorise aucun changement du PC.",
		"Este programa no permite ningún cambio del PC.",
		"このプログラムはPCの変更を一切認めません。",
	},
	license.ReasonNotChangeable.Name(): {
		license.ReasonNotChangeable.String(),
		"Ein Merkmal hat sich geändert, das sich bei diesem Programm nicht ändern darf.",
		"Une caractéristique a changé, ce qui n’est pas permis pour ce programme.",
		"Cambió una característica que no debe cambiar para este programa.",
		"このプログラムで変わってはならない特徴が変わりました。",
	},
	license.ReasonTooManyChanges.Name(): {
		license.ReasonTooManyChanges.String(),
		"Zu viele Hardware-Merkmale sind anders.",
		"Trop de caractéristiques du matériel sont différentes.",
		"Demasiadas características del hardware son distintas.",
		"異なるハードウェアの特徴が多すぎます。",
	},
	license.ReasonAnotherPC.Name(): {
		license.ReasonAnotherPC.String(),
		"Weder Netzwerkkarte noch Festplatte ist die der Lizenz: Das kann ein anderer PC sein. " +
			"Der Anbieter kann die Lizenz ersetzen.",
		"Ni la carte réseau ni le disque n’est celui de la licence : il s’agit peut-être d’un autre PC. " +
			"Le fournisseur peut remplacer la licence.",
		"Ni la tarjeta de red ni el disco es el de la licencia: puede que este sea otro PC. " +
			"El proveedor puede sustituir la licencia.",
		"ネットワークカードもディスクもライセンスのものではありません。別のPCかもしれません。販売元はライセンスを置き換えられます。",
	},
	license.ReasonTooFewReadable.Name(): {
		license.ReasonTooFewReadable.String(),
		"Weder Netzwerkkarte noch Festplatte lässt sich vergleichen, und der Rest unterscheidet diesen PC nicht von " +
			"anderen. Der Anbieter kann die Lizenz ersetzen.",
		"Ni la carte réseau ni le disque ne peut être comparé, et le reste ne distingue pas ce PC des autres. " +
			"Le fournisseur peut remplacer la licence.",
		"Ni la tarjeta de red ni el disco se pueden comparar, y el resto no distingue este PC de otros. " +
			"El proveedor puede sustituir la licencia.",
		"ネットワークカードもディスクも比較できず、残りの特徴ではこのPCをほかのPCと区別できません。販売元はライセンスを置き換えられます。",
	},
}

// months are the names of the months; Japanese needs none.
var months = [...][12]string{
	{
		"January", "February", "March", "April", "May", "June",
		"July", "August", "September", "October", "November", "December",
	},
	{
		"Januar", "Februar", "März", "April", "Mai", "Juni",
		"Juli", "August", "September", "Oktober", "November", "Dezember",
	},
	{
		"janvier", "février", "mars", "avril", "mai", "juin",
		"juillet", "août", "septembre", "octobre", "novembre", "décembre",
	},
	{
		"enero", "febrero", "marzo", "abril", "mayo", "junio",
		"julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
	},
}

// day formats a date in UTC.
func day(language int, t time.Time) string {
	t = t.UTC()
	d, y := strconv.Itoa(t.Day()), strconv.Itoa(t.Year())
	if languages[language] == "ja" {
		return y + "年" + strconv.Itoa(int(t.Month())) + "月" + d + "日"
	}
	month := months[language][t.Month()-1]
	switch languages[language] {
	case "de":
		return d + ". " + month + " " + y
	case "fr":
		if d == "1" {
			d = "1er"
		}
	case "es":
		return d + " de " + month + " de " + y
	}
	return d + " " + month + " " + y
}

// end formats the end of a license: its last day, and the time if the license does not end with that day (spec: codes
// "Activation code").
func end(language int, t time.Time) string {
	t = t.UTC()
	text := day(language, t)
	if t.Add(time.Second).Day() != t.Day() {
		return text
	}
	separator := ", "
	if languages[language] == "ja" {
		separator = " "
	}
	return text + separator + t.Format("15:04") + " UTC"
}

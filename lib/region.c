/* SPDX-License-Identifier: MIT */
#include "region.h"

#include <pthread.h>

#include "prefix.h"

#define US_ALL                                                             \
	"America/New_York America/Chicago America/Denver America/Phoenix " \
	"America/Los_Angeles America/Anchorage America/Adak Pacific/Honolulu"
#define CA_ALL                                                               \
	"America/St_Johns America/Halifax America/Toronto America/Winnipeg " \
	"America/Regina America/Edmonton America/Vancouver"
#define RU_ALL                                                                                          \
	"Europe/Kaliningrad Europe/Moscow Europe/Samara Asia/Yekaterinburg Asia/Omsk Asia/Krasnoyarsk " \
	"Asia/Irkutsk Asia/Yakutsk Asia/Vladivostok Asia/Magadan Asia/Kamchatka"

/* Where no longer prefix is known, the shorter one counts: 1 alone is an area code that is newer than this. */
static const struct {
	const char *prefixes;
	struct region region;
} regions[] = {
	/* North America */
	{ "1", { "US", US_ALL } },
	{ "1203 1475 1860 1959 1302 1202 1771 1239 1305 1321 1324 1352 1386 1407 1561 1645 1656 1689 1727 1728 1754 "
	  "1772 1786 1813 1863 1904 1941 1954 1229 1404 1470 1478 1678 1706 1762 1770 1912 1943 1502 1606 1859 1207 "
	  "1227 1240 1301 1410 1443 1667 1339 1351 1413 1508 1617 1774 1781 1857 1978 1603 1201 1551 1609 1640 1732 "
	  "1848 1856 1862 1908 1973 1212 1315 1329 1332 1347 1363 1516 1518 1585 1607 1624 1631 1646 1680 1716 1718 "
	  "1838 1845 1914 1917 1929 1934 1252 1336 1472 1704 1743 1828 1910 1919 1980 1984 1216 1220 1234 1283 1326 "
	  "1330 1380 1419 1436 1440 1513 1567 1614 1740 1937 1215 1223 1267 1272 1412 1445 1484 1570 1582 1610 1717 "
	  "1724 1814 1835 1878 1401 1803 1821 1839 1843 1854 1864 1802 1276 1434 1540 1571 1686 1703 1757 1804 1826 "
	  "1948 1304 1681 1231 1248 1269 1313 1517 1586 1616 1679 1734 1810 1947 1989 1260 1317 1463 1765",
	  { "US", "America/New_York" } },
	{ "1205 1251 1256 1334 1659 1938 1327 1479 1501 1870 1217 1224 1309 1312 1331 1447 1464 1618 1630 1708 1730 1773 "
	  "1779 1815 1847 1861 1872 1319 1515 1563 1641 1712 1316 1913 1225 1318 1337 1457 1504 1985 1218 1320 1507 "
	  "1612 1651 1763 1924 1952 1228 1471 1601 1662 1769 1235 1314 1417 1557 1573 1636 1660 1816 1975 1402 1531 "
	  "1405 1539 1572 1580 1918 1615 1629 1731 1901 1210 1214 1254 1281 1325 1346 1361 1409 1430 1432 1469 1512 "
	  "1682 1713 1726 1737 1806 1817 1830 1832 1903 1936 1940 1945 1956 1972 1979 1262 1274 1353 1414 1534 1608 "
	  "1715 1920 1219",
	  { "US", "America/Chicago" } },
	/* Area codes that a border of zones runs through. */
	{ "1448 1850 1270 1364 1906 1574 1812 1930 1423 1865 1931",
	  { "US", "America/New_York America/Chicago" } },
	{ "1308 1701 1605 1620 1785", { "US", "America/Chicago America/Denver" } },
	{ "1208 1986 1541 1458", { "US", "America/Denver America/Los_Angeles" } },
	{ "1303 1719 1720 1748 1970 1983 1406 1505 1575 1385 1435 1801 1307 1915",
	  { "US", "America/Denver" } },
	{ "1480 1520 1602 1623 1928", { "US", "America/Phoenix America/Denver" } },
	{ "1209 1213 1279 1310 1323 1341 1350 1357 1369 1408 1415 1424 1442 1510 1530 1559 1562 1619 1626 1628 1650 1657 "
	  "1661 1669 1707 1714 1738 1747 1760 1805 1818 1820 1831 1837 1840 1858 1909 1916 1925 1949 1951 1702 1725 "
	  "1775 1503 1971 1206 1253 1360 1425 1509 1564",
	  { "US", "America/Los_Angeles" } },
	{ "1907", { "US", "America/Anchorage America/Adak" } },
	{ "1808", { "US", "Pacific/Honolulu" } },
	{ "1600 1622 1633", { "CA", CA_ALL } },
	{ "1709 1879", { "CA", "America/St_Johns America/Goose_Bay" } },
	{ "1902 1782", { "CA", "America/Halifax" } },
	{ "1506 1428", { "CA", "America/Moncton" } },
	{ "1226 1249 1263 1289 1343 1354 1365 1367 1382 1416 1418 1437 1438 1450 1468 1514 1519 1548 1579 1581 1613 1647 "
	  "1683 1705 1742 1753 1819 1873 1905 1942",
	  { "CA", "America/Toronto" } },
	{ "1807", { "CA", "America/Toronto America/Winnipeg" } },
	{ "1204 1431 1584", { "CA", "America/Winnipeg" } },
	{ "1306 1474 1639", { "CA", "America/Regina America/Edmonton" } },
	{ "1368 1403 1587 1780 1825", { "CA", "America/Edmonton" } },
	{ "1604", { "CA", "America/Vancouver" } },
	{ "1236 1250 1257 1672 1778", { "CA", "America/Vancouver America/Edmonton" } },
	{ "1867", { "CA", "America/Whitehorse America/Edmonton America/Winnipeg America/Toronto" } },
	{ "1242", { "BS", "America/Nassau" } },
	{ "1246", { "BB", "America/Barbados" } },
	{ "1264", { "AI", "America/Puerto_Rico" } },
	{ "1268", { "AG", "America/Puerto_Rico" } },
	{ "1284", { "VG", "America/Puerto_Rico" } },
	{ "1340", { "VI", "America/Puerto_Rico" } },
	{ "1345", { "KY", "America/Panama" } },
	{ "1441", { "BM", "Atlantic/Bermuda" } },
	{ "1473", { "GD", "America/Puerto_Rico" } },
	{ "1649", { "TC", "America/Grand_Turk" } },
	{ "1658 1876", { "JM", "America/Jamaica" } },
	{ "1664", { "MS", "America/Puerto_Rico" } },
	{ "1670", { "MP", "Pacific/Guam" } },
	{ "1671", { "GU", "Pacific/Guam" } },
	{ "1684", { "AS", "Pacific/Pago_Pago" } },
	{ "1721", { "SX", "America/Puerto_Rico" } },
	{ "1758", { "LC", "America/Puerto_Rico" } },
	{ "1767", { "DM", "America/Puerto_Rico" } },
	{ "1784", { "VC", "America/Puerto_Rico" } },
	{ "1787 1939", { "PR", "America/Puerto_Rico" } },
	{ "1809 1829 1849", { "DO", "America/Santo_Domingo" } },
	{ "1868", { "TT", "America/Puerto_Rico" } },
	{ "1869", { "KN", "America/Puerto_Rico" } },
	/* Africa */
	{ "20", { "EG", "Africa/Cairo" } },
	{ "211", { "SS", "Africa/Juba" } },
	{ "212", { "MA", "Africa/Casablanca Africa/El_Aaiun" } },
	{ "213", { "DZ", "Africa/Algiers" } },
	{ "216", { "TN", "Africa/Tunis" } },
	{ "218", { "LY", "Africa/Tripoli" } },
	{ "220", { "GM", "Africa/Abidjan" } },
	{ "221", { "SN", "Africa/Abidjan" } },
	{ "222", { "MR", "Africa/Abidjan" } },
	{ "223", { "ML", "Africa/Abidjan" } },
	{ "224", { "GN", "Africa/Abidjan" } },
	{ "225", { "CI", "Africa/Abidjan" } },
	{ "226", { "BF", "Africa/Abidjan" } },
	{ "227", { "NE", "Africa/Lagos" } },
	{ "228", { "TG", "Africa/Abidjan" } },
	{ "229", { "BJ", "Africa/Lagos" } },
	{ "230", { "MU", "Indian/Mauritius" } },
	{ "231", { "LR", "Africa/Monrovia" } },
	{ "232", { "SL", "Africa/Abidjan" } },
	{ "233", { "GH", "Africa/Abidjan" } },
	{ "234", { "NG", "Africa/Lagos" } },
	{ "235", { "TD", "Africa/Ndjamena" } },
	{ "236", { "CF", "Africa/Lagos" } },
	{ "237", { "CM", "Africa/Lagos" } },
	{ "238", { "CV", "Atlantic/Cape_Verde" } },
	{ "239", { "ST", "Africa/Sao_Tome" } },
	{ "240", { "GQ", "Africa/Lagos" } },
	{ "241", { "GA", "Africa/Lagos" } },
	{ "242", { "CG", "Africa/Lagos" } },
	{ "243", { "CD", "Africa/Lagos Africa/Maputo" } },
	{ "244", { "AO", "Africa/Lagos" } },
	{ "245", { "GW", "Africa/Bissau" } },
	{ "246", { "IO", "Indian/Chagos" } },
	{ "248", { "SC", "Asia/Dubai" } },
	{ "249", { "SD", "Africa/Khartoum" } },
	{ "250", { "RW", "Africa/Maputo" } },
	{ "251", { "ET", "Africa/Nairobi" } },
	{ "252", { "SO", "Africa/Nairobi" } },
	{ "253", { "DJ", "Africa/Nairobi" } },
	{ "254", { "KE", "Africa/Nairobi" } },
	{ "255", { "TZ", "Africa/Nairobi" } },
	{ "256", { "UG", "Africa/Nairobi" } },
	{ "257", { "BI", "Africa/Maputo" } },
	{ "258", { "MZ", "Africa/Maputo" } },
	{ "260", { "ZM", "Africa/Maputo" } },
	{ "261", { "MG", "Africa/Nairobi" } },
	{ "262", { "RE", "Asia/Dubai Africa/Nairobi" } }, /* and Mayotte */
	{ "263", { "ZW", "Africa/Maputo" } },
	{ "264", { "NA", "Africa/Windhoek" } },
	{ "265", { "MW", "Africa/Maputo" } },
	{ "266", { "LS", "Africa/Johannesburg" } },
	{ "267", { "BW", "Africa/Maputo" } },
	{ "268", { "SZ", "Africa/Johannesburg" } },
	{ "269", { "KM", "Africa/Nairobi" } },
	{ "27", { "ZA", "Africa/Johannesburg" } },
	{ "290", { "SH", "Africa/Abidjan" } },
	{ "291", { "ER", "Africa/Nairobi" } },
	{ "297", { "AW", "America/Puerto_Rico" } },
	{ "298", { "FO", "Atlantic/Faroe" } },
	{ "299", { "GL", "America/Nuuk America/Scoresbysund America/Danmarkshavn America/Thule" } },
	/* Europe */
	{ "30", { "GR", "Europe/Athens" } },
	{ "31", { "NL", "Europe/Brussels" } },
	{ "32", { "BE", "Europe/Brussels" } },
	{ "33", { "FR", "Europe/Paris" } },
	{ "34", { "ES", "Europe/Madrid Atlantic/Canary" } },
	{ "350", { "GI", "Europe/Gibraltar" } },
	{ "351", { "PT", "Europe/Lisbon Atlantic/Azores" } },
	{ "352", { "LU", "Europe/Brussels" } },
	{ "353", { "IE", "Europe/Dublin" } },
	{ "354", { "IS", "Africa/Abidjan" } },
	{ "355", { "AL", "Europe/Tirane" } },
	{ "356", { "MT", "Europe/Malta" } },
	{ "357", { "CY", "Asia/Nicosia Asia/Famagusta" } },
	{ "358", { "FI", "Europe/Helsinki" } },
	{ "359", { "BG", "Europe/Sofia" } },
	{ "36", { "HU", "Europe/Budapest" } },
	{ "370", { "LT", "Europe/Vilnius" } },
	{ "371", { "LV", "Europe/Riga" } },
	{ "372", { "EE", "Europe/Tallinn" } },
	{ "373", { "MD", "Europe/Chisinau" } },
	{ "374", { "AM", "Asia/Yerevan" } },
	{ "375", { "BY", "Europe/Minsk" } },
	{ "376", { "AD", "Europe/Andorra" } },
	{ "377", { "MC", "Europe/Paris" } },
	{ "378", { "SM", "Europe/Rome" } },
	{ "379", { "VA", "Europe/Rome" } },
	{ "380", { "UA", "Europe/Kyiv" } },
	{ "381", { "RS", "Europe/Belgrade" } },
	{ "382", { "ME", "Europe/Belgrade" } },
	{ "383", { "XK", "Europe/Belgrade" } },
	{ "385", { "HR", "Europe/Belgrade" } },
	{ "386", { "SI", "Europe/Belgrade" } },
	{ "387", { "BA", "Europe/Belgrade" } },
	{ "389", { "MK", "Europe/Belgrade" } },
	{ "39", { "IT", "Europe/Rome" } },
	{ "40", { "RO", "Europe/Bucharest" } },
	{ "41", { "CH", "Europe/Zurich" } },
	{ "420", { "CZ", "Europe/Prague" } },
	{ "421", { "SK", "Europe/Prague" } },
	{ "423", { "LI", "Europe/Zurich" } },
	{ "43", { "AT", "Europe/Vienna" } },
	{ "44", { "GB", "Europe/London" } },
	{ "45", { "DK", "Europe/Berlin" } },
	{ "46", { "SE", "Europe/Berlin" } },
	{ "47", { "NO", "Europe/Berlin" } },
	{ "48", { "PL", "Europe/Warsaw" } },
	{ "49", { "DE", "Europe/Berlin" } },
	{ "7", { "RU", RU_ALL } },
	{ "76 77", { "KZ", "Asia/Almaty Asia/Oral Asia/Qyzylorda" } },
	/* Latin America */
	{ "500", { "FK", "Atlantic/Stanley" } },
	{ "501", { "BZ", "America/Belize" } },
	{ "502", { "GT", "America/Guatemala" } },
	{ "503", { "SV", "America/El_Salvador" } },
	{ "504", { "HN", "America/Tegucigalpa" } },
	{ "505", { "NI", "America/Managua" } },
	{ "506", { "CR", "America/Costa_Rica" } },
	{ "507", { "PA", "America/Panama" } },
	{ "508", { "PM", "America/Miquelon" } },
	{ "509", { "HT", "America/Port-au-Prince" } },
	{ "51", { "PE", "America/Lima" } },
	{ "52", { "MX", "America/Mexico_City America/Cancun America/Hermosillo America/Tijuana America/Ciudad_Juarez" } },
	{ "53", { "CU", "America/Havana" } },
	{ "54", { "AR", "America/Argentina/Buenos_Aires" } },
	{ "55", { "BR", "America/Noronha America/Sao_Paulo America/Manaus America/Rio_Branco" } },
	{ "56", { "CL", "America/Santiago America/Punta_Arenas Pacific/Easter" } },
	{ "57", { "CO", "America/Bogota" } },
	{ "58", { "VE", "America/Caracas" } },
	{ "590", { "GP", "America/Puerto_Rico" } },
	{ "591", { "BO", "America/La_Paz" } },
	{ "592", { "GY", "America/Guyana" } },
	{ "593", { "EC", "America/Guayaquil Pacific/Galapagos" } },
	{ "594", { "GF", "America/Cayenne" } },
	{ "595", { "PY", "America/Asuncion" } },
	{ "596", { "MQ", "America/Martinique" } },
	{ "597", { "SR", "America/Paramaribo" } },
	{ "598", { "UY", "America/Montevideo" } },
	{ "599", { "CW", "America/Puerto_Rico" } },
	/* Asia and the Pacific */
	{ "60", { "MY", "Asia/Singapore" } },
	{ "61",
	  { "AU", "Australia/Sydney Australia/Brisbane Australia/Adelaide Australia/Darwin Australia/Perth "
		  "Australia/Lord_Howe" } },
	{ "62", { "ID", "Asia/Jakarta Asia/Makassar Asia/Jayapura" } },
	{ "63", { "PH", "Asia/Manila" } },
	{ "64", { "NZ", "Pacific/Auckland Pacific/Chatham" } },
	{ "65", { "SG", "Asia/Singapore" } },
	{ "66", { "TH", "Asia/Bangkok" } },
	{ "670", { "TL", "Asia/Dili" } },
	{ "672", { "NF", "Pacific/Norfolk" } },
	{ "673", { "BN", "Asia/Kuching" } },
	{ "674", { "NR", "Pacific/Nauru" } },
	{ "675", { "PG", "Pacific/Port_Moresby Pacific/Bougainville" } },
	{ "676", { "TO", "Pacific/Tongatapu" } },
	{ "677", { "SB", "Pacific/Guadalcanal" } },
	{ "678", { "VU", "Pacific/Efate" } },
	{ "679", { "FJ", "Pacific/Fiji" } },
	{ "680", { "PW", "Pacific/Palau" } },
	{ "681", { "WF", "Pacific/Tarawa" } },
	{ "682", { "CK", "Pacific/Rarotonga" } },
	{ "683", { "NU", "Pacific/Niue" } },
	{ "685", { "WS", "Pacific/Apia" } },
	{ "686", { "KI", "Pacific/Tarawa Pacific/Kanton Pacific/Kiritimati" } },
	{ "687", { "NC", "Pacific/Noumea" } },
	{ "688", { "TV", "Pacific/Tarawa" } },
	{ "689", { "PF", "Pacific/Tahiti Pacific/Marquesas Pacific/Gambier" } },
	{ "690", { "TK", "Pacific/Fakaofo" } },
	{ "691", { "FM", "Pacific/Port_Moresby Pacific/Guadalcanal Pacific/Kosrae" } },
	{ "692", { "MH", "Pacific/Tarawa" } },
	{ "81", { "JP", "Asia/Tokyo" } },
	{ "82", { "KR", "Asia/Seoul" } },
	{ "84", { "VN", "Asia/Ho_Chi_Minh" } },
	{ "850", { "KP", "Asia/Pyongyang" } },
	{ "852", { "HK", "Asia/Hong_Kong" } },
	{ "853", { "MO", "Asia/Macau" } },
	{ "855", { "KH", "Asia/Bangkok" } },
	{ "856", { "LA", "Asia/Bangkok" } },
	{ "86", { "CN", "Asia/Shanghai" } },
	{ "880", { "BD", "Asia/Dhaka" } },
	{ "886", { "TW", "Asia/Taipei" } },
	{ "90", { "TR", "Europe/Istanbul" } },
	{ "91", { "IN", "Asia/Kolkata" } },
	{ "92", { "PK", "Asia/Karachi" } },
	{ "93", { "AF", "Asia/Kabul" } },
	{ "94", { "LK", "Asia/Colombo" } },
	{ "95", { "MM", "Asia/Yangon" } },
	{ "960", { "MV", "Indian/Maldives" } },
	{ "961", { "LB", "Asia/Beirut" } },
	{ "962", { "JO", "Asia/Amman" } },
	{ "963", { "SY", "Asia/Damascus" } },
	{ "964", { "IQ", "Asia/Baghdad" } },
	{ "965", { "KW", "Asia/Riyadh" } },
	{ "966", { "SA", "Asia/Riyadh" } },
	{ "967", { "YE", "Asia/Riyadh" } },
	{ "968", { "OM", "Asia/Dubai" } },
	{ "970", { "PS", "Asia/Gaza Asia/Hebron" } },
	{ "971", { "AE", "Asia/Dubai" } },
	{ "972", { "IL", "Asia/Jerusalem" } },
	{ "973", { "BH", "Asia/Qatar" } },
	{ "974", { "QA", "Asia/Qatar" } },
	{ "975", { "BT", "Asia/Thimphu" } },
	{ "976", { "MN", "Asia/Ulaanbaatar Asia/Hovd" } },
	{ "977", { "NP", "Asia/Kathmandu" } },
	{ "98", { "IR", "Asia/Tehran" } },
	{ "992", { "TJ", "Asia/Dushanbe" } },
	{ "993", { "TM", "Asia/Ashgabat" } },
	{ "994", { "AZ", "Asia/Baku" } },
	{ "995", { "GE", "Asia/Tbilisi" } },
	{ "996", { "KG", "Asia/Bishkek" } },
	{ "998", { "UZ", "Asia/Samarkand Asia/Tashkent" } },
};

static struct prefix *map; /* to 1 + the index of a region; stays for ever */

static void build(void)
{
	map = prefix_new(arena_new());
	for (size_t i = 0; i < LEN(regions); i++)
		for (struct str s = str_c(regions[i].prefixes); s.n > 0;) {
			size_t n = str_find(s, ' ');

			*prefix_put(map, str_sub(s, 0, n)) = (uint32_t)i + 1;
			s = str_sub(s, n + 1, s.n);
		}
}

const struct region *region_of(struct str number)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint32_t i;

	if (number.n < 2 || number.p[0] != '+')
		return NULL;
	pthread_once(&once, build);
	i = prefix_get(map, str_sub(number, 1, number.n));
	return i ? &regions[i - 1].region : NULL;
}

const struct region *region_at(size_t i)
{
	return i < LEN(regions) ? &regions[i].region : NULL;
}

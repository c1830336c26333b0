"""Tables as papers and READMEs have them, each with what it publishes: subject, metric, value, spread, per cent."""

from __future__ import annotations

Row = tuple[str, str, str, str, bool]

BOOKTABS = (
    "paper.tex",
    r"""
\newcommand{\ours}{OurNet}
\begin{table*}[t]
\caption{Results on \textbf{Digits} (mean $\pm$ std over 5 runs). % not final
}
\begin{tabular}{ll|cc|c}
\toprule
\multirow{2}{*}{Method} & \multirow{2}{*}{Data} & \multicolumn{2}{c|}{Digits} & \#Params \\ \cmidrule(lr){3-4}
 & & Acc. (\%) $\uparrow$ & NLL $\downarrow$ & (M) \\
\midrule
\multirow{2}{*}{Base~\cite{x}} & A & 93.1 $\pm$ 0.2 & $0.31_{\pm 0.01}$ & 11 \\
 & B & 92.0{\scriptsize $\pm$0.3} & 0.35 & 11 \\ % old: & 5
\rowcolor{gray!20} \ours{} & A & \textbf{95.3 $\pm$ 0.4} & $\mathbf{0.21} \pm 0.02$ & 12 \\
\bottomrule
\end{tabular}
\end{table*}
""",
    [
        ("Base A", "Digits Acc.", "93.1", "0.2", True),
        ("Base A", "Digits NLL", "0.31", "0.01", False),
        ("Base B", "Digits Acc.", "92.0", "0.3", True),
        ("Base B", "Digits NLL", "0.35", "", False),
        ("OurNet A", "Digits Acc.", "95.3", "0.4", True),
        ("OurNet A", "Digits NLL", "0.21", "0.02", False),
    ],
)
HLINES = (
    "hlines.tex",
    r"""
\begin{tabular}{|l|c|c|}\hline
Experiment & top5\_acc & top1\_acc\\
\hline
wide-net & 80.97 & \underline{53.81}\\
\hline
\end{tabular}
""",
    [("wide-net", "top5_acc", "80.97", "", False), ("wide-net", "top1_acc", "53.81", "", False)],
)
SMALL_PLUS_MINUS = (
    "auroc.tex",
    r"""
\begin{table}[!htbp]
\caption{AUROC on three sets (Mean $\pm$ SD)}
\begin{tabular}{l|cc|c}
\toprule
Method & SetA & SetB$^\dagger$ & Avg \\
\midrule
\textit{Simple} & & & \\
Entropy & $0.71{\scriptstyle \pm.02}$ & $0.74{\scriptstyle \pm.02}$ & $0.72$ \\
\ours & \bf 0.81 & {\bf 0.83} & $\mathbf{0.84}$ \\
\bottomrule
\end{tabular}
\end{table}
""",
    [
        ("Entropy", "SetA", "0.71", ".02", False),
        ("Entropy", "SetB†", "0.74", ".02", False),
        ("Entropy", "Avg", "0.72", "", False),
        ("ours", "SetA", "0.81", "", False),
        ("ours", "SetB†", "0.83", "", False),
        ("ours", "Avg", "0.84", "", False),
    ],
)
RESIZED = (
    "resized.tex",
    r"""
\begin{table}[t]
  \resizebox{\textwidth}{!}{%
  \begin{tabularx}{\linewidth}{@{}X*{4}{r}@{}}
    \toprule
    & \multicolumn{2}{c}{\makecell{Model\\A}} & \multicolumn{2}{c}{Model B} \\
    \cmidrule(lr){2-3} \cmidrule(lr){4-5}
    Method & Accuracy & F1 & Accuracy & F1 \\
    \midrule
    Zero \& one & 62.2 & 56.8 & 61.0 & 55.7 \\[2pt]
    \bottomrule
  \end{tabularx}}
  \caption{Averaged over three random seeds.}
\end{table}
""",
    [
        ("Zero & one", "Model A Accuracy", "62.2", "", False),
        ("Zero & one", "Model A F1", "56.8", "", False),
        ("Zero & one", "Model B Accuracy", "61.0", "", False),
        ("Zero & one", "Model B F1", "55.7", "", False),
    ],
)
TURNED = (
    "turned.tex",
    r"""
\begin{tabular}{lcc}
\toprule
 & Base & Ours \\
\midrule
Accuracy (\%) & 88.1 & \textbf{90.2} \\
RMSE $\downarrow$ & 1.20 & 1.05(3) \\
\bottomrule
\end{tabular}
""",
    [
        ("Base", "Accuracy", "88.1", "", True),
        ("Ours", "Accuracy", "90.2", "", True),
        ("Base", "RMSE", "1.20", "", False),
        ("Ours", "RMSE", "1.05", "3", False),
    ],
)
PIPES = (
    "README.md",
    """
## Results

Mean ± standard deviation over 5 seeds.

| **Model** | Top-1 acc (%) ↑ | Params | F1 | Weights |
|:----------|:---:|--:|---|---|
| [Small](https://example.org/a) | 72.2 ± 0.3 | 5M | **0.71** | [x](y.pth) |
| `big\\|er` | **79.9%** | 22M | -- | |
""",
    [
        ("Small", "Top-1 acc", "72.2", "0.3", True),
        ("Small", "F1", "0.71", "", False),
        ("big|er", "Top-1 acc", "79.9", "", True),
    ],
)
BARE_PIPES = (
    "bare.md",
    "Model|Test accuracy|Loss\n---|---|---\nresnet|0.874|1.2e-1\nvit|$0.913 \\pm 0.004$|0.09\n",
    [
        ("resnet", "Test accuracy", "0.874", "", False),
        ("resnet", "Loss", "1.2e-1", "", False),
        ("vit", "Test accuracy", "0.913", "0.004", False),
        ("vit", "Loss", "0.09", "", False),
    ],
)
TAGGED = (
    "html.md",
    """
<table border="1">
 <thead><tr><th rowspan="2">Backbone</th><th colspan="2">Faces</th></tr>
 <tr><th>Accuracy</th><th>F1</th></tr></thead>
 <tr><td rowspan=2><b>Net</b></td><td>0.9805</td><td>0.70 &plusmn; 0.03</td></tr>
 <tr><td>0.9811</td><td>-- / --</td></tr>
</table>
""",
    [
        ("Net", "Faces Accuracy", "0.9805", "", False),
        ("Net", "Faces F1", "0.70", "0.03", False),
        ("Net", "Faces Accuracy", "0.9811", "", False),
    ],
)
UNHEADED = (
    "plain-html.md",
    """
<table><tr><td><b>Ranking</b></td><td><b>Model</b></td><td><b>Score</b></td></tr>
<tr><td>1</td><td>Res<br>Net</td><td>0.783</td></tr></table>
""",
    [("1 Res Net", "Score", "0.783", "", False)],
)
CSV = (
    "table.csv",
    "\ufeffmethod,accuracy_mean,accuracy_std,epochs\nlda,0.953,0.004,10\nqda,0.961,0.003,10\n",
    [("lda", "accuracy_mean", "0.953", "0.004", False), ("qda", "accuracy_mean", "0.961", "0.003", False)],
)
SEMICOLONS = (
    "table2.csv",
    'Methode;Genauigkeit (%);F1\n"A; B";95.1;0.9\n',
    [("A; B", "Genauigkeit", "95.1", "", True), ("A; B", "F1", "0.9", "", False)],
)
SHAPES = (
    BOOKTABS,
    HLINES,
    SMALL_PLUS_MINUS,
    RESIZED,
    TURNED,
    PIPES,
    BARE_PIPES,
    TAGGED,
    UNHEADED,
    CSV,
    SEMICOLONS,
)
